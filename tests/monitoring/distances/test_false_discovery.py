"""Benjamini-Hochberg against scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from coursekit.monitoring.distances import benjamini_hochberg

p_values = st.lists(st.floats(0, 1), max_size=30)


@given(p_values)
def test_scipy_agrees(p):
    expected = false_discovery_control(p) if p else []
    assert benjamini_hochberg(p) == pytest.approx(np.array(expected), rel=1e-12)


@given(p_values, st.integers(0, 5), st.randoms())
def test_what_was_not_tested_does_not_count(p, n_missing, random):
    mixed = [*p, *[float("nan")] * n_missing]
    random.shuffle(mixed)
    q = benjamini_hochberg(mixed)
    missing = np.isnan(mixed)
    assert np.isnan(q[missing]).all()
    assert q[~missing] == pytest.approx(benjamini_hochberg(np.array(mixed)[~missing]))


def test_nothing_tested_nothing_found():
    assert benjamini_hochberg([]).size == 0
    assert np.isnan(benjamini_hochberg([np.nan])).all()


@pytest.mark.parametrize("p", [[1.1], [-0.1], [[0.5]], [np.inf]])
def test_what_are_no_p_values_is_refused(p):
    with pytest.raises(ValueError, match="p_values must"):
        benjamini_hochberg(p)


def test_what_is_masked_was_not_tested():
    masked = np.ma.array([0.01, 0.5, 0.03], mask=[False, True, False])
    assert benjamini_hochberg(masked).tolist() == pytest.approx([0.02, np.nan, 0.03], nan_ok=True)
