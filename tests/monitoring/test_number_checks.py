"""Which numbers pass as whole, and are they still the same afterwards?"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit._number_checks import LARGEST_WHOLE, as_finite, check_number, check_whole


@given(st.integers(), st.sampled_from([int, np.int64, np.uint64, np.float64]))
def test_a_whole_number_stays_itself_in_any_type(number, kind):
    try:
        written = kind(number)
    except OverflowError:
        return
    passed = check_whole("f", "n", written, low=None, high=None)
    assert type(passed) is int
    assert passed == written


@pytest.mark.parametrize(
    "wrong",
    [0.5, np.nan, -np.inf, None, "3", True, np.True_, 1j, [3], np.timedelta64(3, "ns"), timedelta(3), Decimal(3)],
)
def test_what_is_no_whole_number_is_told(wrong):
    with pytest.raises(ValueError, match=r"^f: n must be a whole number of at least 0, got "):
        check_whole("f", "n", wrong)


def test_bounds_are_told_in_a_line():
    assert check_whole("f", "n", LARGEST_WHOLE) == LARGEST_WHOLE
    for large in (LARGEST_WHOLE + 1, 10**400, 10**10_000):
        with pytest.raises(
            ValueError, match=r"^f: n must be a whole number of at most 9,007,199,254,740,992, got .{,90}$"
        ):
            check_whole("f", "n", large)
        with pytest.raises(ValueError, match=r"^f: x must be a finite number"):
            check_number("f", "x", 10**400)
    assert as_finite(10**400) is None
