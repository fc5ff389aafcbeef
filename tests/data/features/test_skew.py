from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.data.features import compare_serving

NUMBERS = st.one_of(
    st.none(), st.sampled_from([0.0, -1.0, 1.0 + 1e-12, 1.0, 1e6, math.inf, -math.inf]), st.floats(-9, 9)
)


def _same(b, s, tolerance):
    """The definition, on two numbers or None."""
    if b is None or s is None:
        return b is s
    return b == s or abs(b - s) <= tolerance * max(1, abs(b), abs(s)) < math.inf


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=20), st.sampled_from([0.0, 1e-9, 0.5]), st.randoms())
def test_numbers_differ_by_the_definition(pairs, tolerance, random):
    n = len(pairs)
    batch = pd.DataFrame({"id": range(n), "x": pd.Series([b for b, _ in pairs], dtype=float)})
    served = pd.DataFrame({"id": range(n), "x": pd.Series([s for _, s in pairs], dtype=float)})
    order = list(range(n))
    random.shuffle(order)
    report = compare_serving(batch, served.iloc[order], key="id", tolerance=tolerance)
    wrong = [not _same(b, s, tolerance) for b, s in pairs]
    row = report.to_frame().loc["x"]
    assert row["differs"] == sum(wrong)
    assert row["share"] == sum(wrong) / n
    assert row["missing_batch"] == sum(b is None and s is not None for b, s in pairs)
    assert row["missing_served"] == sum(s is None and b is not None for b, s in pairs)
    gaps = [0.0 if b == s else abs(b - s) for b, s in pairs if b is not None and s is not None]
    np.testing.assert_equal(row["largest"], max(gaps, default=math.nan))
    assert (row["worst"] is None) if not any(wrong) else wrong[row["worst"]]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=1, max_size=20))
def test_sides_can_be_exchanged(pairs):
    one, other = (
        pd.DataFrame({"id": range(len(pairs)), "x": pd.Series([pair[side] for pair in pairs], dtype=float)})
        for side in (0, 1)
    )
    there, back = compare_serving(one, other, key="id"), compare_serving(other, one, key="id")
    np.testing.assert_array_equal(there.differs, back.differs)
    np.testing.assert_array_equal(there.largest, back.largest)
    np.testing.assert_array_equal(there.missing_batch, back.missing_served)


def test_a_planted_skew_is_found_and_nothing_else():
    rng = np.random.default_rng(1)
    n = 2_000
    batch = pd.DataFrame({"day": np.arange(n) // 10, "seat": np.arange(n) % 10, "hour": rng.integers(0, 24, n)})
    batch["amount"], batch["country"] = rng.gamma(2, 50, n), rng.choice(["KR", "JP", "US"], n)
    served = batch.copy()
    served["amount"] *= 1 + 1e-12  # another order of summing
    served["hour"] = (batch["hour"] + 9) % 24  # the server's clock is in Seoul
    moved = rng.choice(n, 40, replace=False)
    served.loc[moved, "country"] = "??"
    report = compare_serving(batch, served.sample(frac=1, random_state=0), key=["day", "seat"])
    assert report.rows == n
    assert report.skewed == ("hour", "country")
    frame = report.to_frame()
    assert frame["differs"].tolist() == [n, 0, 40]
    assert frame.loc["hour", "largest"] == 15
    assert math.isnan(frame.loc["country", "largest"])
    day, seat = frame.loc["country", "worst"]
    assert day * 10 + seat in moved


def test_rows_and_features_of_one_side_are_counted_not_compared():
    batch = pd.DataFrame({"id": [1, 2, 3], "x": [1, 2, 3], "only_batch": 0})
    served = pd.DataFrame({"id": [2, 3, 4, 5], "x": [2, 3, 9, 9], "latency": 0.1})
    report = compare_serving(batch, served, key="id")
    assert (report.rows, report.rows_only_batch, report.rows_only_served) == (2, 1, 2)
    assert (report.features_only_batch, report.features_only_served) == (("only_batch",), ("latency",))
    assert report.skewed == ()


def test_whole_numbers_are_compared_exactly_where_float64_is_not():
    big = 2**53
    batch, served = ({"id": [1], "x": np.array([value])} for value in (big, big + 1))
    report = compare_serving(pd.DataFrame(batch), pd.DataFrame(served), key="id")
    assert report.skewed == ("x",)
    assert report.largest[0] == 1


def test_a_number_and_its_text_differ_and_so_do_a_moment_and_its_local_time():
    moment = pd.to_datetime(["2013-01-01 00:00"])
    batch = pd.DataFrame({"id": [1], "code": [7], "at": moment.tz_localize("UTC"), "same": moment.tz_localize("UTC")})
    served = pd.DataFrame(
        {"id": [1], "code": ["7"], "at": moment, "same": moment.tz_localize("UTC").tz_convert("Asia/Seoul")}
    )
    assert compare_serving(batch, served, key="id").skewed == ("code", "at")


def test_the_figure_shows_every_share_once():
    batch = pd.DataFrame({"id": [1, 2, 3, 4], "x": [1.0, 2.0, None, 4.0], "y": [1.0, None, 3.0, 4.0]})
    served = pd.DataFrame({"id": [1, 2, 3, 4], "x": [1.5, None, 3.0, 4.0], "y": [1.0, None, 3.0, 4.0]})
    report = compare_serving(batch, served, key="id")
    figure = report.plot()
    assert [trace.name for trace in figure.data] == ["값이 다름", "서빙에서만 값이 없음", "배치에서만 값이 없음"]
    shown = sum(np.array(trace.x) for trace in figure.data)
    np.testing.assert_allclose(shown[::-1], report.to_frame()["share"])
    assert figure.data[0].y == ("y", "x")
    assert len(repr(report)) < 500


@pytest.mark.parametrize(
    ("batch", "served", "options", "message"),
    [
        ({"x": [1]}, {"id": [1], "x": [1]}, {}, r"batch has no key column \['id'\]"),
        ({"id": [1], "x": [1]}, {"x": [1]}, {}, r"served has no key column \['id'\]"),
        (
            {"id": [1, 1], "x": [1, 2]},
            {"id": [1], "x": [1]},
            {},
            r"1 keys of batch appear more than once, such as \[1\]",
        ),
        ({"id": [1, None], "x": [1, 2]}, {"id": [1], "x": [1]}, {}, "batch has rows without a key"),
        ({"id": [1], "x": [1]}, {"id": [2], "x": [1]}, {}, "no rows with the same"),
        ({"id": [1], "x": [1]}, {"id": [1], "z": [1]}, {}, "no features in common"),
        ({"id": [1], "x": [1]}, {"id": [1], "x": [1]}, {"tolerance": -1}, "tolerance must be a finite number"),
        ({"id": [1], "x": [1]}, {"id": [1], "x": [1]}, {"tolerance": math.nan}, "tolerance must be a finite number"),
    ],
)
def test_what_cannot_be_compared_is_refused(batch, served, options, message):
    with pytest.raises(ValueError, match=message):
        compare_serving(pd.DataFrame(batch), pd.DataFrame(served), **({"key": "id"} | options))
