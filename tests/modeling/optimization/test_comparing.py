"""A comparison against what it is made of: predictions, files, a clock that is known, and brute force."""

import gzip
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from coursekit.cases.inspection import as_input, make_parts, shipped_model
from coursekit.modeling.evaluation import evaluate, paired_difference, wilson_interval
from coursekit.modeling.optimization import _running
from coursekit.modeling.optimization._labels import place_labels
from coursekit.modeling.optimization._pareto import not_dominated
from coursekit.modeling.optimization.comparing import COLUMNS, compare
from coursekit.modeling.optimization.integer_model import IntegerModel
from coursekit.modeling.optimization.lite_model import LiteModel
from coursekit.modeling.optimization.roofline import Machine, count_work
from coursekit.modeling.training import load_keras, reproducible
from tests.modeling.optimization.tflite_files import Network, Scale

PARTS = make_parts(150, size=48, seed=5)
X, Y = as_input(PARTS.images), PARTS.is_defective.astype(int)
MACHINE = Machine(100.0, 400.0, np.array([1_000, 100_000]), np.array([50.0, 10.0]))
FLOAT, INT8 = shipped_model("float32"), shipped_model("int8")


def ticking():
    """A clock that goes on by 1 ms at each look."""
    ticks = itertools.count()
    return lambda: next(ticks) / 1000


def flat(classes, *, bias=None):
    """A tiny int8 file of 4 inputs whose answers are its inputs, or, with a bias, always the same."""
    net = Network((1, 4), Scale(1.0))
    weight = np.zeros((classes, 4), np.int8)
    if bias is None:
        weight[: min(classes, 4), : min(classes, 4)] = np.eye(min(classes, 4), dtype=np.int8)
    biases = np.zeros(classes, np.int32) if bias is None else np.asarray(bias, np.int32)
    return net.write(net.dense(net.entry, weight, np.ones(classes), Scale(1.0), bias=biases))


@pytest.fixture(scope="module")
def report():
    models = {
        "float32": FLOAT,
        "int8": LiteModel(INT8, "another name"),
        "engine": IntegerModel.from_tflite(INT8),
    }
    return compare(models, X, Y, kernels="builtin", repeats=3, machine=MACHINE, clock=ticking())


def test_the_table_is_what_its_parts_say(report):
    frame = report.to_frame()
    assert tuple(frame.columns) == COLUMNS
    assert frame["model"].tolist() == ["float32", "int8", "engine"]
    frame = frame.set_index("model")
    answers = {
        "float32": LiteModel(FLOAT).predict(X, kernels="builtin").argmax(axis=1),
        "int8": LiteModel(INT8).predict(X, kernels="builtin").argmax(axis=1),
        "engine": LiteModel(INT8).predict(X, kernels="reference").argmax(axis=1),  # which the engine equals
    }
    for name, content in (("float32", FLOAT), ("int8", INT8), ("engine", INT8)):
        row, work = frame.loc[name], count_work(content)
        accuracy = wilson_interval(int(np.sum(answers[name] == Y)), len(Y))
        assert (row.accuracy, row.accuracy_low, row.accuracy_high) == (accuracy.estimate, accuracy.low, accuracy.high)
        assert row.bytes == len(content)
        assert row.gzip_bytes == LiteModel(content).gzip_nbytes
        assert len(gzip.decompress(gzip.compress(content))) == row.bytes
        assert (row.peak_bytes, row.macs, row.moved_bytes) == (work.peak_bytes, work.macs, work.moved_bytes)
        assert row.bound_ms == work.bound(MACHINE).ms
        # each call is one tick of 1 ms; 0.001 seconds from differences of numbers below 10, so to 1e-11 ms
        assert row.median_ms == pytest.approx(1, abs=1e-9)
        assert row.p99_ms == pytest.approx(1, abs=1e-9)
    assert report.examples == len(Y)


def test_differences_are_paired_and_to_the_first(report):
    reports = [evaluate(Y, model.answers, n_boot=1) for model in report.models]
    first, second, _ = report.models
    assert (first.difference.estimate, first.difference.low, first.difference.high) == (0, 0, 0)
    assert second.difference.estimate == pytest.approx(second.accuracy.estimate - first.accuracy.estimate)
    if not np.array_equal(second.answers, first.answers):
        assert second.difference == paired_difference(reports[1], reports[0], seed=0)


def test_paired_differences_of_known_models():
    """One model is right where the first is wrong: the sign, and an interval that leaves 0 out."""
    inputs = np.zeros((60, 4), np.float32)
    inputs[np.arange(60), np.arange(60) % 2] = 5
    y = np.arange(60) % 2
    models = {"always 0": flat(2, bias=[9, 0]), "right": flat(2)}
    right = compare(models, inputs, y, kernels="builtin", repeats=1, machine=MACHINE).models[1]
    assert right.accuracy.estimate == 1
    assert right.difference.estimate == 0.5
    assert 0 < right.difference.low < 0.5 < right.difference.high < 1


def test_models_are_timed_in_turns_and_in_a_new_order_each_round(monkeypatch):
    turns = []
    ready = _running.Runner.ready

    def told(runner, examples):
        answer, inputs = ready(runner, examples)

        def answer_and_tell(batch):
            turns.append(runner.name)
            return answer(batch)

        return answer_and_tell, inputs

    monkeypatch.setattr(_running.Runner, "ready", told)
    models = {name: flat(3) for name in "abcd"}
    found = compare(models, np.eye(4), np.zeros(4, int), kernels="builtin", repeats=6, machine=MACHINE, seed=1)
    blocks = [name for name, _ in itertools.groupby(turns)]
    # a model may end one round and begin the next, which groupby joins; calls count exactly
    assert {name: turns.count(name) for name in "abcd"} == dict.fromkeys("abcd", 6 * (3 + 4))  # warm-up and 4 examples
    rounds = [turns[start : start + 4 * 7] for start in range(0, len(turns), 4 * 7)]
    orders = [tuple(dict.fromkeys(part)) for part in rounds]
    assert all(sorted(order) == list("abcd") for order in orders)
    assert len(set(orders)) > 1
    assert len(blocks) > 4
    assert all(len(model.latency.samples_ms) == 6 * 4 for model in found.models)


LOSSES = arrays(float, st.tuples(st.integers(1, 8), st.just(3)), elements=st.integers(0, 3).map(float))


@given(LOSSES)
def test_the_front_is_what_nobody_dominates(losses):
    stays = not_dominated(losses)
    for at, row in enumerate(losses):
        beaten = any(all(b <= a for a, b in zip(row, o, strict=True)) and o.tolist() != row.tolist() for o in losses)
        assert stays[at] == (not beaten)
    assert stays.any()
    # whoever is not on the front is beaten by somebody on it
    for row in losses[~stays]:
        assert any((winner <= row).all() and (winner < row).any() for winner in losses[stays])


@given(LOSSES, st.permutations(range(3)))
def test_the_front_knows_no_order_and_no_units(losses, order):
    np.testing.assert_array_equal(not_dominated(losses), not_dominated(np.exp(losses[:, list(order)])))
    np.testing.assert_array_equal(not_dominated(losses), not_dominated(losses[::-1])[::-1])


def test_the_front_of_a_report(report):
    frame = report.to_frame()
    losses = np.column_stack([-frame["accuracy"], frame["bytes"], frame["median_ms"]])
    assert report.pareto == tuple(frame["model"][not_dominated(losses)]) == tuple(frame["model"][frame["pareto"]])
    assert set(report.front(size="gzip_bytes")) <= {"float32", "int8", "engine"}
    with pytest.raises(ValueError, match="size must be one of bytes, gzip_bytes"):
        report.front(size="kilobytes")


def test_a_keras_model_a_path_and_bytes_are_all_measured_as_files(tmp_path):
    keras = load_keras()
    with reproducible(0):
        network = keras.Sequential([keras.layers.Dense(3, activation="softmax", input_shape=(4,))])
    path = LiteModel(flat(3)).save(tmp_path / "a.tflite")
    inputs = np.random.default_rng(0).normal(size=(30, 4))
    expected = network.predict(inputs, verbose=0).argmax(axis=1)
    found = compare({"keras": network, "path": path}, inputs, expected, repeats=1, machine=MACHINE)
    assert found.models[0].accuracy.estimate == 1
    assert found.models[1].nbytes == path.stat().st_size


def test_what_hides_its_work_has_no_number_for_it(monkeypatch):
    def refuse(model):
        raise ValueError("operator 0 is CUSTOM")

    monkeypatch.setattr(_running, "count_work", refuse)
    found = compare({"a": flat(3)}, np.eye(4), np.zeros(4, int), repeats=1, machine=MACHINE)
    row = found.to_frame().iloc[0]
    assert np.isnan([row.peak_bytes, row.macs, row.moved_bytes, row.bound_ms]).all()
    assert row.pareto
    assert found.plot_roofline()


ROWS = np.eye(4, dtype=np.float32)
CLASSES = np.zeros(4, int)


@pytest.mark.parametrize(
    ("models", "X", "y", "message"),
    [
        ({}, ROWS, CLASSES, "at least one model"),
        ([flat(3)], ROWS, CLASSES, "at least one model"),
        ({"a": flat(3)}, np.where(ROWS > 0, np.nan, 0), CLASSES, r"4 of 4 examples in X hold NaN"),
        ({"a": flat(3)}, ROWS[:0], CLASSES[:0], "n of at least 1"),
        ({"a": flat(3)}, ROWS[:, :3], CLASSES, r"model 'a' cannot answer X: .* takes .*\(n, 4\)"),
        ({"a": flat(3)}, ROWS, CLASSES[:3], "a class for each of the 4 examples"),
        ({"a": flat(3)}, ROWS, CLASSES + 0.5, "a class for each"),
        ({"a": flat(3)}, ROWS, CLASSES - 1, "at least 0, got -1"),
        ({"a": flat(3)}, ROWS, CLASSES + 3, "y holds classes 3 to 3, the models know 0 to 2"),
        ({"a": flat(3), "b": flat(2)}, ROWS, CLASSES, "same classes: 'a' has 3, 'b' has 2"),
        ({"a": flat(1)}, ROWS, CLASSES, "2 or more classes"),
        ({"a": b"no file"}, ROWS, CLASSES, "model 'a' cannot be used"),
        ({"a": "nowhere.tflite"}, ROWS, CLASSES, "model 'a' cannot be used"),
        ({"a": 3}, ROWS, CLASSES, "model 'a' cannot be used: .*Keras-2"),
    ],
)
def test_bad_input_is_told(models, X, y, message):
    with pytest.raises(ValueError, match=message):
        compare(models, X, y, machine=MACHINE, repeats=1)


@pytest.mark.parametrize("options", [{"kernels": "fast"}, {"repeats": 0}, {"seed": -1}])
def test_bad_options_are_told(options):
    with pytest.raises(ValueError, match=f"compare: {next(iter(options))} must be"):
        compare({"a": flat(3)}, ROWS, CLASSES, machine=MACHINE, **options)


def test_a_model_that_answers_nan_is_not_ranked(monkeypatch):
    monkeypatch.setattr(LiteModel, "predict", lambda self, X, kernels: np.full((len(X), 2), np.nan))
    with pytest.raises(ValueError, match="model 'a' answers NaN"):
        compare({"a": flat(2)}, ROWS, CLASSES, machine=MACHINE, repeats=1)


def test_the_figure_shows_each_model_once(report):
    for size in ("bytes", "gzip_bytes"):
        figure = report.plot(size=size)
        markers = [trace for trace in figure.data if trace.mode == "markers"]
        shown = [float(x) for trace in markers for x in trace.x]
        assert sorted(shown) == sorted(report.to_frame()[size] / 1000)
        assert sorted(note.text for note in figure.layout.annotations) == ["engine", "float32", "int8"]
        for trace in markers:
            assert all(np.asarray(trace.error_y.array) >= 0)
            assert all(np.asarray(trace.error_y.arrayminus) >= 0)
        line = next(trace for trace in figure.data if trace.mode == "lines")
        assert (np.diff(line.x) > 0).all()
        assert (np.diff(line.y) > 0).all()
    with pytest.raises(ValueError, match="size must be"):
        report.plot(size="KB")


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=8))
def test_names_do_not_cover_each_other(points):
    x, y = (np.asarray(values, float) for values in zip(*points, strict=True))
    labels = place_labels(x.tolist(), y.tolist(), ["name"] * len(points), width=900, height=400)
    low, high = (x.min(), x.max()), (y.min(), y.max())
    boxes = []
    for label in labels:
        px = 900 * (0.08 + 0.84 * (label["x"] - low[0]) / (low[1] - low[0])) if low[1] > low[0] else 450
        py = 400 * (0.08 + 0.84 * (label["y"] - high[0]) / (high[1] - high[0])) if high[1] > high[0] else 200
        boxes.append((px + label["ax"], -py + label["ay"]))
    for a, b in itertools.combinations(boxes, 2):
        assert abs(a[0] - b[0]) >= 30 or abs(a[1] - b[1]) >= 15.9  # 4 letters of 7.5 wide, a line of 16 high
