"""What a reference reads: frames, arrays and series of every kind, and what it refuses."""

from __future__ import annotations

import datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from coursekit.monitoring.distances import Reference

NUMBERS = [1.0, 2.0, 2.0, None, 5.0, 6.0, 7.0, 8.0]
WORDS = ["a", "b", "a", None, "c", "a", "a", "b"]
FLAGS = [True, False, True, None, True, True, False, False]


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(NUMBERS, dtype="float64"),
        pd.Series(NUMBERS, dtype="float32"),
        pd.Series(NUMBERS, dtype="float16"),
        pd.Series(NUMBERS, dtype="Float64"),
        pd.Series(NUMBERS, dtype="Int32"),
        pd.Series(NUMBERS, dtype="float64[pyarrow]"),
        pd.Series(NUMBERS, dtype=object),
        pd.Series([None if x is None else Decimal(str(x)) for x in NUMBERS], dtype=object),
        pd.Series(NUMBERS, dtype=pd.SparseDtype("float64")),
    ],
    ids=lambda column: str(column.dtype),
)
def test_numbers_are_numbers_in_every_type(column):
    frame = pd.DataFrame({"x": column})
    plain = pd.DataFrame({"x": pd.Series(NUMBERS, dtype="float64")})
    expected = Reference().fit(plain).compare(plain[:5]).to_frame()
    assert expected["kind"].tolist() == ["numeric"]
    assert expected["missing_now"].tolist() == [0.2]
    for before, now in ((frame, frame[:5]), (plain, frame[:5]), (frame, plain[:5])):
        pd.testing.assert_frame_equal(Reference().fit(before).compare(now).to_frame(), expected)


@pytest.mark.parametrize("dtype", ["int64", "int8", "uint16"])
def test_whole_numbers_are_numbers(dtype):
    array = np.array([[1], [2], [2], [3]], dtype=dtype)
    for X in (array, pd.DataFrame(array, columns=["x0"])):
        assert Reference().fit(X).compare(X).to_frame()["kind"].tolist() == ["numeric"]


@pytest.mark.parametrize(
    "column",
    [
        pd.Series(WORDS, dtype=object),
        pd.Series(WORDS, dtype="str"),
        pd.Series(WORDS, dtype="string"),
        pd.Series(WORDS, dtype="category"),
        pd.Series(WORDS, dtype=pd.CategoricalDtype(["z", "c", "b", "a"])),
        pd.Series(WORDS, dtype="string[pyarrow]"),
    ],
    ids=lambda column: str(column.dtype),
)
def test_words_are_categories_in_every_type(column):
    frame, plain = pd.DataFrame({"x": column}), pd.DataFrame({"x": pd.Series(WORDS, dtype=object)})
    expected = Reference().fit(plain).compare(plain[:5]).to_frame()
    assert expected["kind"].tolist() == ["categorical"]
    assert expected["missing_now"].tolist() == [0.2]
    for before, now in ((frame, frame[:5]), (plain, frame[:5]), (frame, plain[:5])):
        pd.testing.assert_frame_equal(Reference().fit(before).compare(now).to_frame(), expected)


@pytest.mark.parametrize("dtype", [object, "boolean", "category"])
def test_flags_are_categories(dtype):
    frame = pd.DataFrame({"x": pd.Series(FLAGS, dtype=dtype)})
    report = Reference().fit(frame).compare(frame[:5])
    assert report.to_frame()["kind"].tolist() == ["categorical"]
    assert set(report.histograms["x"].to_frame()["bin"]) == {"True", "False", "(missing)"}
    plain = pd.DataFrame({"x": [True, False, True]})
    assert Reference().fit(plain).compare(frame).to_frame()["status"].tolist() == ["compared"]


def test_true_and_one_are_one_value():
    frame = pd.DataFrame({"x": pd.Series([True, 1, "a", 1.0], dtype=object)})
    assert Reference().fit(frame).features_["x"].all_counts == {True: 3, "a": 1}


def test_a_category_may_become_a_number_and_a_number_may_not_become_text():
    words, numbers = pd.DataFrame({"x": ["1", "2", "2"]}), pd.DataFrame({"x": [1, 2, 2]})
    codes = numbers.astype("category")
    status = {
        name: Reference().fit(before).compare(now).to_frame()["status"].item()
        for name, before, now in (
            ("text", numbers, words),
            ("category of text", numbers, words.astype("category")),
            ("category of numbers", numbers, codes),
            ("times", numbers, pd.DataFrame({"x": pd.to_datetime(["2020-01-01"] * 3)})),
        )
    }
    assert status == {
        "text": "type changed",
        "category of text": "type changed",
        "category of numbers": "compared",
        "times": "type changed",
    }
    assert Reference().fit(codes).compare(numbers).to_frame()["tv"].item() == 0
    assert Reference().fit(words).compare(numbers).to_frame()["tv"].item() == 1  # all "(new)"


def test_a_series_is_one_feature():
    named, unnamed = pd.Series([1.0, 2, 3], name="age"), pd.Series([1.0, 2, 3])
    assert Reference().fit(named).compare(named.to_frame()).to_frame()["feature"].tolist() == ["age"]
    assert Reference().fit(unnamed).compare(unnamed).to_frame()["feature"].tolist() == ["x0"]


def test_arrays_of_anything_else_are_read_by_column():
    table = np.array([["a", 1.0], ["b", np.nan], ["a", 3.0]], dtype=object)
    frame = Reference().fit(table).compare(table).to_frame()
    assert frame["kind"].tolist() == ["categorical", "numeric"]
    assert frame["missing_now"].tolist() == [0, pytest.approx(1 / 3)]
    text = np.array([["a"], ["b"]])
    assert Reference().fit(text).compare(text).to_frame()["kind"].tolist() == ["categorical"]
    masked = np.ma.masked_equal([[1], [2], [99]], 99)
    assert Reference().fit(masked).compare(masked).to_frame()["missing_now"].tolist() == [pytest.approx(1 / 3)]


def test_byte_order_and_memory_maps_do_not_matter(tmp_path):
    array = np.random.default_rng(0).normal(size=(50, 2))
    expected = Reference().fit(array).compare(array[:20]).to_frame()
    np.save(tmp_path / "x.npy", array)
    for other in (array.astype(">f8"), np.load(tmp_path / "x.npy", mmap_mode="r")):
        pd.testing.assert_frame_equal(Reference().fit(other).compare(other[:20]).to_frame(), expected)


def test_features_go_by_name_whatever_their_order():
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(40, 3)), columns=["a", ("b", 1), 3])
    turned = frame[[3, "a", ("b", 1)]]
    report = Reference().fit(frame).compare(turned)
    assert report.to_frame()["feature"].tolist() == ["a", ("b", 1), 3]
    assert (report.to_frame()["js"] == 0).all()


@pytest.mark.parametrize("mixed", [False, True])
def test_an_infinite_value_is_named(mixed):
    frame = pd.DataFrame({"a": np.zeros(10), "b": np.arange(10.0), "c": np.zeros(10)}, index=range(100, 110))
    if mixed:
        frame["word"] = "x"
    wrong = frame.copy()
    wrong.loc[107, "b"] = -np.inf
    with pytest.raises(ValueError, match=r"column 'b', row 7 \(counted from 0\) is -inf"):
        Reference().fit(frame).compare(wrong)
    with pytest.raises(ValueError, match="column 'b', row 7"):
        Reference().fit(wrong)
    with pytest.raises(ValueError, match="column 'x1', row 7"):
        Reference().fit(wrong[["a", "b", "c"]].to_numpy().copy())


@pytest.mark.parametrize(
    ("X", "told"),
    [
        (np.zeros(5), "2-D array"),
        (np.zeros((2, 2, 2)), "2-D array"),
        (5, "2-D array"),
        (np.zeros((0, 3)), "0 rows and 3 columns"),
        (np.zeros((3, 0)), "3 rows and 0 columns"),
        (pd.DataFrame({"a": []}), "0 rows"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "more than one column called 'a'"),
        (pd.DataFrame({"when": pd.to_datetime(["2020-01-01"])}), "'when' is datetime64"),
        (pd.DataFrame({"when": pd.Series([datetime.date(2020, 1, 1)], dtype=object)}), "'when' is date"),
        (pd.DataFrame({"z": [1j]}), "'z' is complex"),
        (pd.DataFrame({"lists": [[1], [2]]}), "'lists' holds values that cannot be counted"),
    ],
)
def test_what_is_no_table_of_features_is_refused(X, told):
    with pytest.raises(ValueError, match=told):
        Reference().fit(X)


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (np.zeros((3, 2)), np.zeros((3, 3)), "X has 3 columns but the reference has 2"),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]}), "no column with the reference: it has 'b'"),
        (pd.DataFrame({"a": [1]}), np.zeros((3, 1)), "X comes as an array but the reference was fitted on names"),
        (np.zeros((3, 1)), pd.DataFrame({"a": [1]}), "X comes as names"),
        (np.zeros((3, 1)), np.zeros((0, 1)), "0 rows"),
    ],
)
def test_what_cannot_be_matched_is_refused(before, now, told):
    with pytest.raises(ValueError, match=told):
        Reference().fit(before).compare(now)


@pytest.mark.parametrize("distances", [("jss",), ("js", "bhattacharyya")])
def test_an_unknown_distance_is_refused(distances):
    with pytest.raises(ValueError, match="there is no distance"):
        Reference().fit(np.zeros((3, 1))).compare(np.zeros((3, 1)), distances=distances)
