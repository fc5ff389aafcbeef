from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.data.features import as_of_join

START = pd.Timestamp("2013-01-01")
KEYS = st.sampled_from(["a", "b", None])
MINUTES = st.integers(0, 12)
ROWS = st.lists(st.tuples(KEYS, MINUTES), max_size=12)
FACTS = st.lists(st.tuples(KEYS, MINUTES, MINUTES, st.integers(0, 99)), max_size=14)


def _rows(given_rows):
    """Rows with an index that repeats, as filtered and concatenated tables have."""
    keys, minutes = zip(*given_rows, strict=True) if given_rows else ((), ())
    at = START + pd.to_timedelta(np.array(minutes, dtype=int), unit="min")
    return pd.DataFrame({"key": pd.array(keys, dtype=object), "at": at}, index=[3 + i % 4 for i in range(len(keys))])


def _facts(given_facts):
    keys, known, about, value = zip(*given_facts, strict=True) if given_facts else ((), (), (), ())
    return pd.DataFrame(
        {
            "key": pd.array(keys, dtype=object),
            "known": START + pd.to_timedelta(np.array(known, dtype=int), unit="min"),
            "about": START + pd.to_timedelta(np.array(about, dtype=int), unit="min"),
            "value": np.array(value, dtype=int),
        }
    )


def _by_hand(rows, facts, *, happened_at, tolerance):
    """The definition, row by row: (value, age in minutes) of the last known fact, NaN where there is none."""
    answer = []
    for _, row in rows.iterrows():
        best = None
        for _, fact in facts.iterrows():
            if pd.isna(row["key"]) or fact["key"] != row["key"] or fact["known"] > row["at"]:
                continue
            # of what is known, the newest; then the last to arrive; then the lowest row (>=)
            rank = (fact[happened_at or "known"], fact["known"])
            if best is None or rank >= best[0]:
                best = (rank, fact["value"])
        age = None if best is None else (row["at"] - best[0][0]) / pd.Timedelta("1min")
        found = age is not None and (tolerance is None or age <= tolerance)
        answer.append((best[1], age) if found else (np.nan, np.nan))
    return np.array(answer, dtype=float).reshape(-1, 2)


def _joined(rows, facts, *, happened_at, tolerance):
    length = None if tolerance is None else pd.Timedelta(tolerance, unit="min")
    return as_of_join(
        rows,
        facts,
        on="at",
        by="key",
        known_at="known",
        happened_at=happened_at,
        columns=["value"],
        prefix="f_",
        tolerance=length,
    )


@settings(max_examples=150, deadline=None)
@given(ROWS, FACTS, st.sampled_from([None, "about"]), st.sampled_from([None, 0, 3]))
def test_equal_to_the_definition_row_by_row(given_rows, given_facts, happened_at, tolerance):
    rows, facts = _rows(given_rows), _facts(given_facts)
    before = rows.copy(), facts.copy()
    joined = _joined(rows, facts, happened_at=happened_at, tolerance=tolerance)
    minutes = joined["f_age"].to_numpy() / np.timedelta64(1, "m")
    got = np.column_stack([joined["f_value"].to_numpy(dtype=float), minutes])
    np.testing.assert_array_equal(got, _by_hand(rows, facts, happened_at=happened_at, tolerance=tolerance))
    pd.testing.assert_frame_equal(joined[["key", "at"]], rows)  # columns, order and index stay
    pd.testing.assert_frame_equal(rows, before[0])
    pd.testing.assert_frame_equal(facts, before[1])


@settings(max_examples=80, deadline=None)
@given(ROWS, FACTS, FACTS, MINUTES, st.sampled_from([None, "about"]))
def test_what_becomes_known_later_changes_nothing(given_rows, past, future, now, happened_at):
    """Two worlds that agree on all that is known by now give the same features until now."""
    rows = _rows([(key, min(minute, now)) for key, minute in given_rows])
    known = [fact for fact in past if fact[1] <= now]
    other = [(key, minute + now + 1, about, value) for key, minute, about, value in future]
    one = _joined(rows, _facts(known), happened_at=happened_at, tolerance=None)
    for mixed in (other + known, known + [fact for fact in past if fact[1] > now]):
        again = _joined(rows, _facts(mixed), happened_at=happened_at, tolerance=None)
        pd.testing.assert_frame_equal(one, again, check_dtype=False)


@settings(max_examples=50, deadline=None)
@given(ROWS, FACTS, st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(given_rows, given_facts, random):
    order = list(range(len(given_rows)))
    random.shuffle(order)
    rows, facts = _rows(given_rows), _facts(given_facts)
    shuffled = _joined(rows.iloc[order], facts, happened_at=None, tolerance=None)
    pd.testing.assert_frame_equal(shuffled, _joined(rows, facts, happened_at=None, tolerance=None).iloc[order])


@settings(max_examples=60, deadline=None)
@given(ROWS, FACTS)
def test_several_keys_are_one_key_made_of_all(given_rows, given_facts):
    rows, facts = _rows(given_rows), _facts(given_facts)
    rows["letter"], facts["letter"] = rows["key"], facts["key"]
    rows["half"], facts["half"] = rows["at"].dt.minute % 2, facts["value"] % 2
    split = as_of_join(rows, facts, on="at", by=["letter", "half"], known_at="known", columns=["value"])
    for table in (rows, facts):
        pairs = zip(table["letter"], table["half"], strict=True)
        table["key"] = pd.array(
            [None if pd.isna(letter) else f"{letter}{half}" for letter, half in pairs], dtype=object
        )
    whole = as_of_join(rows, facts, on="at", by="key", known_at="known", columns=["value"])
    pd.testing.assert_frame_equal(split[["value", "age"]], whole[["value", "age"]])


def test_minutes_as_numbers_give_what_dates_give():
    rng = np.random.default_rng(0)
    rows = _rows([("a", minute) for minute in rng.integers(0, 50, 40)])
    facts = _facts([("a", int(minute), 0, value) for value, minute in enumerate(rng.integers(0, 50, 30))])
    dated = as_of_join(rows, facts, on="at", by="key", known_at="known", columns=["value"], tolerance="5min")
    for table, name in ((rows, "at"), (facts, "known")):
        table[name] = (table[name] - START) // pd.Timedelta("1min")
    numbers = as_of_join(rows, facts, on="at", by="key", known_at="known", columns=["value"], tolerance=5)
    pd.testing.assert_series_equal(numbers["value"], dated["value"])
    np.testing.assert_array_equal(numbers["age"], dated["age"] / pd.Timedelta("1min"))


def test_kinds_survive_where_every_row_has_a_fact():
    rows, facts = _rows([("a", 5), ("b", 6)]), _facts([("a", 1, 0, 7), ("b", 1, 0, 8)])
    facts["word"], facts["flag"] = pd.Categorical(["x", "y"]), [True, False]
    joined = as_of_join(rows, facts, on="at", by="key", known_at="known", happened_at="about")
    assert joined[["value", "word", "flag"]].dtypes.tolist() == facts[["value", "word", "flag"]].dtypes.tolist()


def test_zones_and_units_may_differ_where_the_moment_is_the_same():
    rows = pd.DataFrame({"at": pd.to_datetime(["2013-01-01 12:00"]).tz_localize("Asia/Seoul").as_unit("s")})
    facts = pd.DataFrame({"known": pd.to_datetime(["2013-01-01 03:00", "2013-01-01 03:01"], utc=True), "value": [1, 2]})
    joined = as_of_join(rows, facts, on="at", known_at="known")
    assert joined["value"].tolist() == [1]
    assert joined["age"].tolist() == [pd.Timedelta(0)]
    assert joined["at"].equals(rows["at"])


@pytest.mark.parametrize(
    ("change", "options", "message"),
    [
        (lambda r, f: (r, f), {"on": "when"}, r"rows has no column \['when'\]"),
        (lambda r, f: (r, f), {"known_at": "when"}, r"facts has no column \['when'\]"),
        (lambda r, f: (r, f), {"by": ["key", "x"]}, r"rows has no column \['x'\]"),
        (lambda r, f: (r.assign(value=1), f), {}, "two columns .*give a prefix"),
        (lambda r, f: (r.assign(age=1), f), {}, "two columns .*give a prefix"),
        (lambda r, f: (r, f.rename(columns={"value": "age"})), {"columns": ["age"]}, "two columns"),
        (lambda r, f: (r.assign(at=[START, pd.NaT]), f), {}, r"1 of 2 times in rows\['at'\] are missing .*position 1"),
        (lambda r, f: (r, f.assign(known=[pd.NaT])), {}, r"1 of 1 times in facts\['known'\] are missing"),
        (lambda r, f: (r.assign(at=r["at"].dt.tz_localize("UTC")), f), {}, "one kind.*with a time zone.*tz_localize"),
        (lambda r, f: (r.assign(at=[1, 2]), f), {}, r"one kind.*rows\['at'\] holds numbers"),
        (lambda r, f: (r.assign(at=["2013", "2014"]), f), {}, "must hold datetime64 or numbers.*pd.to_datetime"),
        (lambda r, f: (r.assign(key=[1, 2]), f), {}, "keys 'key' are int64 in rows and (str|object) in facts"),
        (lambda r, f: (r, f), {"tolerance": 5}, "with its unit, got 5"),
        (lambda r, f: (r, f), {"tolerance": "5"}, "with its unit, got '5'"),
        (lambda r, f: (r, f), {"tolerance": "-1h"}, "below 0"),
    ],
)
def test_what_cannot_be_joined_is_refused_with_what_to_do(change, options, message):
    rows, facts = change(_rows([("a", 1), ("b", 2)]), _facts([("a", 0, 0, 7)]).drop(columns="about"))
    with pytest.raises(ValueError, match=message):
        as_of_join(rows, facts, **({"on": "at", "by": "key", "known_at": "known"} | options))


def test_numbers_need_a_tolerance_that_is_a_number():
    rows, facts = pd.DataFrame({"at": [1.0]}), pd.DataFrame({"known": [0.0], "value": [1]})
    with pytest.raises(ValueError, match="a number, as times are numbers, got '1h'"):
        as_of_join(rows, facts, on="at", known_at="known", tolerance="1h")
