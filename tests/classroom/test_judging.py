"""A judge reads what a stranger wrote: plain data arrives as it was, anything else does no harm."""

from __future__ import annotations

import contextlib
import json
import math
import sys
from collections import Counter, OrderedDict, defaultdict, namedtuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.classroom.judging import (
    CheckFailed,
    NotPlainError,
    Student,
    StudentError,
    borrowed_names,
    hidden_check,
    pack,
    require,
    unpack,
)
from coursekit.classroom.judging import checks as checks_module
from coursekit.classroom.judging._lines import OnTheSpot
from coursekit.classroom.judging.asking import JUDGE_LINE

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
hashable = st.recursive(scalars, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=5)
plain = st.recursive(
    scalars | st.complex_numbers(allow_nan=False),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(hashable, inner, max_size=4)
        | st.sets(hashable, max_size=3)
    ),
    max_leaves=20,
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["type", "items", "value", "dtype", "shape", "data", "values", "index", "columns", "names"]
            ),
            inner
            | st.sampled_from(
                [
                    "array",
                    "scalar",
                    "objects",
                    "dict",
                    "tuple",
                    "DataFrame",
                    "Series",
                    "float",
                    "bytes",
                    "<f8",
                    "O",
                    "Index",
                ]
            ),
            max_size=6,
        )
    ),
    max_leaves=30,
)


def across(value):
    """Through a real text, as between two processes."""
    return unpack(json.loads(json.dumps(pack(value))))


@given(plain)
@settings(deadline=None)
def test_plain_data_arrives_as_it_was(value):
    arrived = across(value)
    assert arrived == value
    assert type(arrived) is type(value)


@given(json_values)
@settings(deadline=None, max_examples=400)
def test_no_text_harms_the_judge(tree):
    """Whatever JSON a hostile process sends, it is a value or a NotPlainError."""
    with contextlib.suppress(NotPlainError):
        unpack(json.loads(json.dumps(tree)))


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6).reshape(2, 3),
        np.array([1.5, np.nan, np.inf]),
        np.array([True, False]),
        np.array(["가", "나다"]),
        np.array([b"a", b"bc"]),
        np.array(["2026-03-01", "NaT"], dtype="datetime64[D]"),
        np.array([1, "가", None], dtype=object),
        np.zeros((0, 3)),
        np.arange(6)[::2],
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.array(3.0),
        np.array([1 + 2j]),
        np.array(["", ""]),
    ],
    ids=lambda array: f"{array.dtype}{array.shape}",
)
def test_arrays_arrive_bit_by_bit(array):
    arrived = across(array)
    assert arrived.dtype == array.dtype
    assert arrived.shape == array.shape
    np.testing.assert_array_equal(arrived, array)
    assert arrived.flags.writeable


@pytest.mark.parametrize(
    "value", [np.float64(2.5), np.int32(3), np.bool_(True), np.str_("가"), np.datetime64("2026-03-01")]
)
def test_numpy_scalars_keep_their_type(value):
    arrived = across(value)
    assert arrived == value
    assert type(arrived) is type(value)


TABLES = {
    "mixed": pd.DataFrame({"이름": ["가", "나"], "점수": [1.5, np.nan], "수": [1, 2]}),
    "indexed": pd.DataFrame({"x": [1, 2]}, index=pd.Index(["a", "b"], name="key")),
    "dated": pd.DataFrame({"t": pd.to_datetime(["2026-03-01", "2026-03-02"])}),
    "categories": pd.DataFrame({"c": pd.Series(["a", "b", "a"], dtype="category")}),
    "nullable": pd.DataFrame({"n": pd.array([1, None], dtype="Int64"), "b": pd.array([True, None], dtype="boolean")}),
    "empty": pd.DataFrame({"x": pd.Series(dtype=float)}),
    "no columns": pd.DataFrame(index=[0, 1]),
    "numbered columns": pd.DataFrame([[1, 2.0], [3, 4.0]]),
    "repeated columns": pd.DataFrame([[1, 2], [3, 4]], columns=["x", "x"]),
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_tables_arrive_with_types_and_labels(table):
    pd.testing.assert_frame_equal(across(table), table, check_column_type=False)


def test_series_keep_name_and_index():
    series = pd.Series([1.0, 2.0], index=["a", "b"], name="값")
    pd.testing.assert_series_equal(across(series), series)


Pair = namedtuple("Pair", "x y")


@pytest.mark.parametrize(
    "value, arrives",
    [
        (Counter("가가나"), {"가": 2, "나": 1}),
        (OrderedDict(a=1), {"a": 1}),
        (defaultdict(int, a=1), {"a": 1}),
        (Pair(1, 2), (1, 2)),
        (range(3), [0, 1, 2]),
        ({"a": 1}.keys(), ["a"]),
    ],
)
def test_relatives_of_collections_arrive_as_their_base(value, arrives):
    arrived = across(value)
    assert arrived == arrives
    assert type(arrived) is type(arrives)


class Liar:
    """Equal to everything, of every class."""

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0

    def __float__(self):
        return 30.0

    @property
    def __class__(self):
        return float


class LyingText(str):
    __slots__ = ()

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0


class LyingList(list):
    def __eq__(self, other):
        return True

    def __iter__(self):
        return iter([30])

    def __len__(self):
        return 1


def test_a_liar_is_no_plain_data():
    with pytest.raises(NotPlainError):
        pack(Liar())
    assert across(LyingText("틀림")) == "틀림"
    assert type(across(LyingText("틀림"))) is str
    assert across(LyingList([1, 2])) == [1, 2]


def test_a_liar_stays_where_it_is():
    student = Student({"f": Liar})
    answer = student.f()
    assert answer != 30
    assert not isinstance(answer, float)
    with pytest.raises(StudentError, match="형식"):
        student.f.returns(float)()


def loop():
    nested: list = []
    nested.append(nested)
    return nested


@pytest.mark.parametrize(
    "value", [loop(), 10**5000, (i for i in [1]), open, object()], ids=lambda value: type(value).__name__
)
def test_what_is_not_plain_is_named(value):
    with pytest.raises(NotPlainError):
        pack(value)


def test_numbers_too_long_for_a_parser_do_not_cross():
    student = Student({"f": lambda: 10**6000})
    assert repr(student.f()) == "<int of the student's>"


@pytest.mark.parametrize(
    "tree",
    [
        {"type": "array", "dtype": "O", "shape": [1], "data": "AAAAAAAAAAA="},
        {"type": "array", "dtype": "<f8", "shape": [10**12], "data": ""},
        {"type": "array", "dtype": "<f8", "shape": [-1], "data": ""},
        {"type": "array", "dtype": "V1000000", "shape": [1], "data": ""},
        {"type": "dict", "items": [[[1], 2]]},
        {"type": "pickle", "data": ""},
        {"type": "float", "value": "1e999"},
        {"type": "DataFrame", "names": ["a"], "columns": [{"values": [1, 2]}], "index": [0]},
        {"items": []},
    ],
)
def test_forged_descriptions_are_refused(tree):
    with pytest.raises(NotPlainError):
        unpack(tree)


def test_arguments_are_copies():
    def spoil(values):
        values.clear()
        return 0

    numbers = [1, 2]
    Student({"spoil": spoil}).spoil(numbers)
    assert numbers == [1, 2]


def test_failures_are_told_in_the_students_words():
    def blank():
        raise NotImplementedError

    def broken():
        return {}["열쇠"]

    student = Student({"blank": blank, "broken": broken})
    with pytest.raises(CheckFailed, match="blank 함수를 아직 쓰지 않았습니다"):
        student.blank()
    with pytest.raises(CheckFailed, match="broken 함수가 KeyError 오류로 멈추었습니다: '열쇠'"):
        student.broken()
    with pytest.raises(CheckFailed, match="nothing"):
        _ = student.nothing
    assert "blank" in student
    assert "nothing" not in student


def test_objects_of_the_students_can_be_used():
    class Detector:
        """Counts ones."""

        def __init__(self, limit=2):
            self.limit, self.seen = limit, 0

        def update(self, x):
            self.seen += x
            return self.seen >= self.limit

    student = Student({"Detector": Detector, "state": lambda detector: detector.seen})
    detector = student.Detector(limit=3)
    assert [detector.update(1) for _ in range(3)] == [False, False, True]
    assert detector.seen == 3
    assert student.state(detector) == 3


def test_an_opaque_result_does_not_travel():
    model = {"weights": [1, 2]}
    student = Student({"fit": lambda: model, "use": lambda given: given is model})
    assert student.use(student.fit.opaque())
    assert not student.use(student.fit())


def test_require_wants_a_truth():
    require(np.bool_(True), "참")
    with pytest.raises(CheckFailed, match="거짓"):
        require(np.bool_(False), "거짓")
    for condition in (np.array([True]), Student({"f": Liar}).f(), 1, None):
        with pytest.raises(TypeError, match="True or False"):
            require(condition, "참도 거짓도 아님")


CHECKS = """
from coursekit.classroom.judging import require

def check_right(student):
    require(student.double(20941) == 41882, "두 배가 아닙니다.")

def check_broken(student):
    return student.double(20941).missing_attribute
"""


@pytest.fixture
def checks(tmp_path, monkeypatch):
    (tmp_path / "checks.py").write_text(CHECKS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, checks_module._JUDGE_CHECKS, None)  # whatever is registered here goes again
    return tmp_path


def test_hidden_checks_beside_the_notebook(checks):
    hidden_check("right", Student({"double": lambda x: 2 * x}))
    with pytest.raises(CheckFailed, match="두 배가 아닙니다") as caught:
        hidden_check("right", Student({"double": lambda x: x}))
    assert caught.value.__suppress_context__
    assert "20941" not in str(caught.value)
    assert caught.value._render_traceback_() == ["두 배가 아닙니다."]
    with pytest.raises(LookupError, match="check_nothing"):
        hidden_check("nothing", Student({}))


def test_a_check_that_stops_tells_the_instructor_and_not_the_student(checks):
    with pytest.raises(CheckFailed) as caught:
        hidden_check("broken", Student({"double": lambda x: 2 * x}))
    assert "missing_attribute" not in str(caught.value)
    assert "AttributeError in check_broken" in caught.value.broken


def test_in_a_hidden_check_nothing_that_the_student_words_is_told():
    """The text of an exception, its class's name and a result's class's name could carry what was asked."""

    class Hushed(OnTheSpot):
        hushed = True

    def tell(value):
        raise type(f"Asked{value}", (Exception,), {})(f"asked {value}")

    def known(value):
        raise ValueError(f"asked {value}")

    def wrap(value):
        return type(f"Got{value}", (), {})()

    student = Student({JUDGE_LINE: Hushed({"tell": tell, "known": known, "wrap": wrap})})
    for ask in (student.tell, student.known, student.wrap.returns(int)):
        with pytest.raises(StudentError) as caught:
            ask(20941)
        assert "20941" not in str(caught.value)
    with pytest.raises(StudentError, match=r"ValueError 오류로 멈추었습니다\.$"):
        student.known(1)


SKLEARN = "from sklearn.svm import SVC as table"


@pytest.mark.parametrize(
    "cells, found",
    [
        (["def fit(x):\n    return SVC().fit(x)", "from sklearn.svm import SVC"], ("SVC",)),
        (["import sklearn.svm as s", "def fit(x): return s.SVC()"], ("s",)),
        (["def fit(x):\n    from sklearn.svm import SVC\n    return SVC()"], ("sklearn.svm",)),
        (
            ["def fit(x):\n    import importlib\n    return importlib.import_module('sklearn.svm').SVC()"],
            ("sklearn.svm",),
        ),
        (["from sklearn.svm import SVC\nMODEL = SVC()", "def fit(x): return MODEL.fit(x)"], ("SVC",)),
        (["from sklearn.svm import SVC", "def help_me(x): return SVC()", "def fit(x): return help_me(x)"], ("SVC",)),
        ([SKLEARN, "def fit(x):\n    table = [x]\n    return table"], ()),
        (["import numpy as np", "def fit(x): return np.mean(x)"], ()),
        (["from sklearn.svm import SVC\nprint(SVC)", "def fit(x): return x"], ()),
        (["%matplotlib inline\nfrom sklearn.svm import SVC", "def fit(x): return SVC()"], ("SVC",)),
        (["def fit(x:", "def fit(x): return x"], ()),
    ],
)
def test_borrowed_classifiers_are_found_in_the_text(cells, found):
    assert borrowed_names(Student({"In": ["", *cells]}), ["fit"], libraries=("sklearn",)) == found


def test_floats_that_json_does_not_know():
    assert math.isnan(across(math.nan))
    assert across([math.inf, -math.inf]) == [math.inf, -math.inf]
