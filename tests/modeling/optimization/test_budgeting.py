"""The search against brute force over its own table, and each technique on a tiny model."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.modeling.optimization import _budget_checks
from coursekit.modeling.optimization._ladder import LADDER, TECHNIQUES, Rung
from coursekit.modeling.optimization._verdict import Limits, best, judged, nearest, sentence
from coursekit.modeling.optimization.budgeting import fit_budget
from coursekit.modeling.optimization.comparing import COLUMNS
from coursekit.modeling.optimization.converting import convert
from coursekit.modeling.optimization.roofline import Machine
from coursekit.modeling.training import load_keras, reproducible

MACHINE = Machine(100.0, 400.0, np.array([1_000, 100_000]), np.array([50.0, 10.0]))
RNG = np.random.default_rng(7)
TRIED = tuple(name for name in TECHNIQUES if name not in ("QAT", "cluster + int8"))
"""PCQAT runs what those two run, in one technique."""


def pictures(n):
    """Bright above or bright below."""
    y = RNG.integers(0, 2, n)
    X = RNG.random((n, 8, 8, 1)).astype(np.float32)
    X[np.arange(n), :4] += 0.35 * y[:, None, None, None]
    return X.astype(np.float32), y


X, Y = pictures(200)
TRAIN = pictures(256)


def network(filters):
    keras = load_keras()
    layers = keras.layers
    with reproducible(3):
        return keras.Sequential(
            [
                layers.Conv2D(filters, 3, activation="relu", input_shape=(8, 8, 1)),
                layers.Flatten(),
                layers.Dense(2, activation="softmax"),
            ]
        )


@pytest.fixture(scope="module")
def trained():
    model = network(32)
    with reproducible(3):
        model.compile("adam", "sparse_categorical_crossentropy")
        model.fit(*TRAIN, epochs=8, verbose=0)
    return model


@pytest.fixture(scope="module")
def search(trained):
    weights = [weight.copy() for weight in trained.get_weights()]
    told = []
    found = fit_budget(
        trained, X, Y, train=TRAIN, student=network(4), techniques=TRIED, max_bytes=7_000, min_accuracy=0.6,
        epochs=1, repeats=2, machine=MACHINE, progress=lambda number, total, name: told.append((number, total, name)),
    )  # fmt: skip
    assert told == [(number, len(TRIED), name) for number, name in enumerate(TRIED, start=1)]
    for before, after in zip(weights, trained.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
    return found


def test_every_technique_is_tried_and_makes_a_file(search):
    frame = search.to_frame().set_index("technique")
    assert tuple(frame.index) == TRIED
    assert frame["status"].eq("measured").all(), frame["reason"].tolist()
    assert set(search.files) == set(TRIED)
    assert (frame["bytes"] == [search.files[name].nbytes for name in TRIED]).all()
    assert (frame["gzip_bytes"] == [search.files[name].gzip_nbytes for name in TRIED]).all()
    assert frame[list(COLUMNS[1:-1])].notna().all(axis=None)
    size = frame["bytes"]
    assert size["float32"] > size["float16"] > size["int8"] > size["mixed 8/4 bits"]
    for name in ("int8", "prune + int8", "PCQAT", "student + int8"):
        assert search.files[name].is_integer
    # what a zero or a shared value saves shows in gzip only
    assert size["prune + int8"] == size["int8"]
    assert frame["gzip_bytes"]["prune + int8"] < frame["gzip_bytes"]["int8"]
    assert size["student + int8"] < size["int8"]


def test_the_best_of_all_is_chosen(search):
    frame = search.to_frame()
    within = frame[(frame["bytes"] <= 7_000) & (frame["accuracy"] >= 0.6)]
    assert frame["meets"].sum() == len(within) > 1
    chosen = within[within["technique"] == search.chosen].iloc[0]
    assert chosen["accuracy"] == within["accuracy"].max()
    assert chosen["bytes"] == within.loc[within["accuracy"] == chosen["accuracy"], "bytes"].min()
    assert search.model is search.files[search.chosen]
    assert search.nearest is None
    assert f"고른 방법: {search.chosen}." in str(search)
    assert "정확도가 가장 높습니다" in str(search)


def test_the_first_that_fits_ends_the_search(trained, search):
    told = []
    found = fit_budget(
        trained, X, Y, train=TRAIN, max_bytes=search.files["float16"].nbytes, stop="first", repeats=1, machine=MACHINE,
        progress=lambda *step: told.append(step),
    )  # fmt: skip
    frame = found.to_frame()
    assert found.chosen == "float16"
    assert frame["status"].tolist() == ["measured"] * 2 + ["not tried"] * (len(TECHNIQUES) - 2)
    assert len(told) == 2
    assert "2번째에 한도를 모두 지켜서 멈췄습니다" in found.told


def test_where_nothing_fits_the_limit_that_fails_is_told(trained):
    found = fit_budget(
        trained, X, Y, max_bytes=1_000, min_accuracy=0.55, techniques=["float16", "float32", "int8", "QAT"],
        repeats=1, machine=MACHINE,
    )  # fmt: skip
    frame = found.to_frame().set_index("technique")
    assert found.chosen is found.model is None
    assert found.nearest == "float16"
    assert frame["status"].to_dict() == {
        "float32": "measured", "float16": "measured", "int8": "skipped", "QAT": "skipped",
    }  # fmt: skip
    assert frame.loc[["int8", "QAT"], "reason"].tolist() == ["needs samples", "needs train"]
    assert frame.loc["float16", "over_bytes"] == frame.loc["float16", "bytes"] - 1_000
    for part in ("한도를 모두 지키는 방법이 없습니다", "가장 가까운 방법: float16", "한도보다", "int8, QAT"):
        assert part in found.told
    assert not frame["meets"].any()
    assert found.plot().layout.title.text


def test_what_a_model_does_not_support_is_a_row(monkeypatch, trained, capfd):
    def refuse(given, name):
        import os

        os.write(2, b"noise of a converter")
        raise ValueError("layer 'lstm' cannot be quantized")

    def broken(given, name):
        return convert(given.model, "dynamic", name=name).__class__(b"\0\0\0\0TFL3" + bytes(100), name)

    rungs = (LADDER[0], Rung("a", (), refuse), Rung("b", (), broken))
    monkeypatch.setattr(_budget_checks, "LADDER", rungs)
    found = fit_budget(trained, X, Y, max_bytes=10**6, repeats=1, machine=MACHINE)
    assert found.tried["status"].tolist() == ["measured", "failed", "failed"]
    assert found.tried["reason"][1] == "layer 'lstm' cannot be quantized"
    assert found.chosen == "float32"
    assert "시험하지 못한 방법 2개: a, b." in found.told
    assert capfd.readouterr() == ("", "")


def test_a_defect_of_ours_is_no_row(monkeypatch, trained):
    def wrong(given, name):
        raise KeyError("a mistake in the program")

    monkeypatch.setattr(_budget_checks, "LADDER", (Rung("a", (), wrong),))
    with pytest.raises(KeyError):
        fit_budget(trained, X, Y, max_bytes=10**6, repeats=1, machine=MACHINE)


def tables():
    numbers = st.tuples(
        st.sampled_from([0.5, 0.6, 0.7, 0.8]), st.sampled_from([10, 20, 30]), st.sampled_from([1.0, 2.0, 3.0])
    )
    return st.lists(st.none() | numbers, min_size=1, max_size=6)


def framed(rows):
    """A search's table; None is a technique that could not be tried."""
    known = [(np.nan,) * 3 if row is None else row for row in rows]
    accuracy, size, ms = (np.array(values, float) for values in zip(*known, strict=True))
    return pd.DataFrame(
        {
            "technique": [f"t{at}" for at in range(len(rows))],
            "status": ["failed" if row is None else "measured" for row in rows],
            "accuracy": accuracy,
            "accuracy_low": accuracy - 0.05,
            "accuracy_high": accuracy + 0.05,
            "bytes": size,
            "gzip_bytes": size / 2,
            "median_ms": ms,
            "p99_ms": 2 * ms,
        }
    )


LIMITS = st.builds(
    Limits,
    st.sampled_from([None, 5.0, 10.0, 25.0]),
    st.sampled_from([None, 0.5, 2.0]),
    st.sampled_from([None, 0.55, 0.65, 0.9]),
    st.sampled_from(["file", "gzip"]),
    st.sampled_from(["median", "p99"]),
    st.booleans(),
)


@given(tables(), LIMITS)
def test_choosing_agrees_with_brute_force(rows, limits):
    frame = judged(framed(rows), limits)
    facts = []
    for row in rows:
        if row is None:
            facts.append(None)
            continue
        accuracy, size, ms = row[0] - 0.05 * limits.certain, row[1] / (1 + (limits.measure == "gzip")), row[2]
        ms *= 2 if limits.latency == "p99" else 1
        missed = [
            max(size - (limits.max_bytes or size), 0) / (limits.max_bytes or 1),
            max(ms - (limits.max_latency_ms or ms), 0) / (limits.max_latency_ms or 1),
            max((limits.min_accuracy or accuracy) - accuracy, 0) / (limits.min_accuracy or 1),
        ]
        missed = [share if share > 1e-12 else 0.0 for share in missed]
        facts.append((accuracy, size, ms, missed))
    fitting = [at for at, fact in enumerate(facts) if fact and not any(fact[3])]
    assert frame["meets"].tolist() == [at in fitting for at in range(len(rows))]
    chosen = best(frame, limits)
    if fitting:
        assert chosen == min(fitting, key=lambda at: (-facts[at][0], facts[at][1], facts[at][2], at))
    else:
        assert chosen is None
        near = nearest(frame, limits)
        costs = {at: (sum(share > 0 for share in f[3]), sum(f[3])) for at, f in enumerate(facts) if f}
        if costs:
            fewest, least = min(costs.values())
            # sums of three shares, in whatever order: equal to a few units in the last place
            assert costs[near][0] == fewest
            assert costs[near][1] == pytest.approx(least, rel=1e-12)
        else:
            assert near is None
    text = sentence(frame, limits, chosen=chosen, near=nearest(frame, limits), stopped=False)
    assert "nan" not in text
    assert (chosen is not None) == ("고른 방법" in text)


def test_a_limit_met_to_the_last_digit_is_met():
    frame = framed([(0.8, 10, 1.0)])
    frame["accuracy"] = 1 - 0.2  # 0.8, and 0.1 + 0.7 is less by rounding
    assert judged(frame, Limits(10.0, 1.0, 0.8))["meets"].all()
    assert judged(frame.assign(accuracy=0.1 + 0.7), Limits(None, None, 0.8))["meets"].all()
    assert not judged(frame, Limits(9.999, None, None))["meets"].any()


def test_the_lower_end_decides_when_it_must_be_certain():
    frame = framed([(0.8, 10, 1.0)])
    loose, sure = Limits(None, None, 0.78), Limits(None, None, 0.78, certain=True)
    loosely, surely = judged(frame, loose), judged(frame, sure)
    assert loosely["meets"].all()
    assert not surely["meets"].any()
    # met by the estimate, not by the interval: the sentence says so, 0.78 - 0.75
    text = sentence(loosely, loose, chosen=0, near=None, stopped=False)
    assert "하한보다 3.0%p 낮으니" in text
    assert "아래 끝으로 판단" in sentence(surely, sure, chosen=None, near=0, stopped=False)


def test_gaps_are_told_large_enough():
    frame = framed([(0.8, 12_345, 1.2345)])
    limits = Limits(10_000, 1.0, 0.9)
    text = sentence(judged(frame, limits), limits, chosen=None, near=0, stopped=False)
    assert "한도보다 2.4 KB 큽니다" in text  # 2.345 KB
    assert "한도보다 0.24 ms 깁니다" in text  # 0.2345 ms
    assert "하한보다 10.0%p 낮습니다" in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "at least one limit: max_bytes, max_latency_ms, min_accuracy"),
        ({"max_bytes": 0}, "max_bytes must be a finite number above 0, got 0"),
        ({"max_bytes": np.nan}, "max_bytes must be"),
        ({"max_latency_ms": -1}, "max_latency_ms must be"),
        ({"min_accuracy": 95}, "min_accuracy is a share of at most 1"),
        ({"min_accuracy": 0.0}, "min_accuracy must be"),
        ({"measure": "zip"}, "measure must be one of file, gzip"),
        ({"latency": "mean"}, "latency must be one of median, p99"),
        ({"stop": "never"}, "stop must be one of all, first"),
        ({"certain": 1}, "certain must be True or False"),
        ({"techniques": ["int7"]}, "techniques must be one of float32"),
        ({"techniques": []}, "at least one of float32"),
        ({"kernels": "fast"}, "kernels must be"),
        ({"repeats": 0}, "repeats must be"),
        ({"epochs": 0}, "epochs must be"),
        ({"train": 3}, r"train must be \(X, y\)"),
        ({"train": (X[:3, :4], Y[:3])}, r"train: X must have shape \(n, 8, 8, 1\)"),
        ({"train": (X, Y + 1)}, "train: y holds classes 1 to 2"),
        ({"samples": X[:5] * np.nan}, "samples: 5 of 5 examples"),
        ({"progress": "loud"}, "progress must be True, False"),
    ],
)
def test_bad_options_are_told(trained, options, message):
    limits = {} if not options or {"max_bytes", "max_latency_ms", "min_accuracy"} & set(options) else {"max_bytes": 1e6}
    with pytest.raises(ValueError, match=message):
        fit_budget(trained, X, Y, machine=MACHINE, **limits, **options)


@pytest.mark.parametrize(
    ("X", "y", "message"),
    [
        (X * np.nan, Y, "200 of 200 examples in X hold NaN"),
        (X[:0], Y[:0], "n of at least 1"),
        (X, Y + 1, "y holds classes 1 to 2, the model knows 0 to 1"),
        (X[:, :4], Y, r"X must have shape \(n, 8, 8, 1\)"),
    ],
)
def test_bad_data_is_told(trained, X, y, message):
    with pytest.raises(ValueError, match=message):
        fit_budget(trained, X, y, max_bytes=1e6, machine=MACHINE)


def test_bad_models_are_told(trained, search):
    keras = load_keras()
    single = keras.Sequential([keras.layers.Flatten(input_shape=(8, 8, 1)), keras.layers.Dense(1)])
    for model, message in (
        (search.files["float32"], "measured by compare"),
        (single, "2 or more classes"),
        (None, "Keras"),
    ):
        with pytest.raises(ValueError, match=message):
            fit_budget(model, X, Y, max_bytes=1e6, machine=MACHINE)


def test_progress_is_silent_unless_asked(trained, capsys):
    options = {"max_bytes": 1e6, "techniques": "float32", "repeats": 1, "machine": MACHINE}
    fit_budget(trained, X, Y, **options)
    assert capsys.readouterr() == ("", "")
    fit_budget(trained, X, Y, progress=True, **options)
    assert capsys.readouterr().out == "[1/1] float32\n"


def test_the_figure_shows_what_was_measured_in_both_panels(search):
    figure = search.plot()
    names = [note.text for note in figure.layout.annotations]
    assert sorted(names) == sorted([*TRIED, *TRIED])
    chosen = [trace for trace in figure.data if trace.name == "고른 방법"]
    assert [list(trace.customdata) for trace in chosen] == [[search.chosen]] * 2
    assert chosen[0].x[0] == search.model.nbytes / 1000
    assert len(figure.layout.shapes) == 3  # the limit of bytes, and that of accuracy in both panels
