"""The inspector learns, says what it believes at any defect rate, and is the same after a trip to disk."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import roc_auc_score

from coursekit.cases.inspection import CnnInspector, make_parts
from coursekit.cases.inspection._network import fit_ratio, log_odds, log_ratio
from coursekit.modeling.evaluation import calibration

QUANTIZABLE = {
    "InputLayer", "Conv2D", "BatchNormalization", "ReLU", "MaxPooling2D", "Flatten", "Dropout", "Dense",
}  # fmt: skip


@pytest.fixture(scope="module")
def training():
    return make_parts(1_000, defect_rate=0.5, size=32, seed=1)


@pytest.fixture(scope="module")
def inspector(training):
    return CnnInspector(epochs=4, seed=3).fit(training)


def _moderate(parts):
    """Defects plain enough for a network that has seen few parts."""
    return parts.take(~parts.is_defective | (parts.severity > 0.7))


def test_it_finds_plain_defects(inspector):
    fresh = _moderate(make_parts(800, defect_rate=0.5, size=32, seed=2))
    assert roc_auc_score(fresh.is_defective, inspector.defect_probability(fresh)) > 0.75


def test_the_network_is_small_and_can_be_quantized(inspector):
    network = inspector.model_
    assert {type(layer).__name__ for layer in network.layers} <= QUANTIZABLE
    assert network.layers[-1].activation.__name__ == "softmax"
    assert CnnInspector(epochs=1).fit(make_parts(100, defect_rate=0.5)).model_.count_params() <= 220_000
    assert list(inspector.history_) == ["loss", "accuracy"]
    assert len(inspector.history_) == 4


def test_the_defect_rate_moves_the_odds_by_itself(inspector):
    """Bayes: posterior odds over prior odds are the same at every rate."""
    fresh = make_parts(300, defect_rate=0.5, size=32, seed=4)
    ratios = []
    for rate in (0.5, 0.02, 0.001):
        p = inspector.defect_probability(fresh, defect_rate=rate)
        ratios.append(np.log(p / (1 - p)) - np.log(rate / (1 - rate)))
    # a probability near 1 keeps 1e-16 of its distance from 1; odds up to e^20 are compared
    ordinary = np.abs(ratios[0]) < 20
    assert ordinary.mean() > 0.9
    assert np.allclose(ratios[0][ordinary], ratios[1][ordinary], atol=1e-5)
    assert np.allclose(ratios[0][ordinary], ratios[2][ordinary], atol=1e-5)
    assert np.array_equal(inspector.defect_probability(fresh), inspector.defect_probability(fresh, defect_rate=0.02))


def test_predictions_are_probabilities_beyond_the_threshold(inspector):
    fresh = make_parts(200, defect_rate=0.5, size=32, seed=5)
    p = inspector.defect_probability(fresh, defect_rate=0.3)
    for threshold in (0, 0.1, 0.5, 1):
        assert np.array_equal(inspector.predict(fresh, threshold=threshold, defect_rate=0.3), p >= threshold)
    assert np.array_equal(inspector.defect_probability(fresh.images, defect_rate=0.3), p)
    assert inspector.defect_probability(fresh.images[:0]).shape == (0,)
    # one part alone as among others; the convolution may add up in another order
    assert np.allclose(inspector.defect_probability(fresh.images[7:8], defect_rate=0.3), p[7], atol=1e-5)


def test_the_same_seed_trains_the_same_network(training):
    few = training.take(np.arange(200))
    before = few.images.copy()
    first, second, other = (CnnInspector(epochs=1, seed=seed).fit(few) for seed in (0, 0, 1))
    for a, b in zip(first.weights_, second.weights_, strict=True):
        assert np.array_equal(a, b)
    assert np.array_equal(first.ratio_, second.ratio_)
    assert any(not np.array_equal(a, b) for a, b in zip(first.weights_, other.weights_, strict=True))
    assert np.array_equal(few.images, before)


def test_a_trip_to_disk_changes_nothing(inspector, tmp_path):
    fresh = make_parts(100, defect_rate=0.5, size=32, seed=6)
    path = inspector.save(tmp_path / "models" / "inspector.npz")
    back = CnnInspector.load(path)
    for copy in (back, pickle.loads(pickle.dumps(inspector))):
        assert np.array_equal(copy.defect_probability(fresh), inspector.defect_probability(fresh))
        assert copy.get_params() == inspector.get_params()
        assert copy.history_.equals(inspector.history_)
    assert not hasattr(clone(inspector), "weights_")


def test_a_foreign_file_is_told(tmp_path):
    for name, content in (("text.npz", b"no model"), ("empty.npz", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=name):
            CnnInspector.load(tmp_path / name)
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    with pytest.raises(ValueError, match=r"other\.npz"):
        CnnInspector.load(tmp_path / "other.npz")


@pytest.mark.parametrize(("shift", "slope", "floor"), [(0.5, 0.7, 0.02), (-1.0, 1.5, 0.1), (0.0, 1.0, 0.3)])
def test_the_density_ratio_is_found_again(shift, slope, floor):
    """Outcomes drawn from a known ratio: the fitted log ratio comes near it, though the shares are uneven."""
    rng = np.random.default_rng(0)
    score = rng.normal(0, 3, 10_000)
    true = log_ratio(score, np.array([shift, slope, floor]))  # as log odds of an outcome
    y = (rng.random(score.size) < 1 / (1 + np.exp(-true))).astype(int)
    found = np.log(y.mean() / (1 - y.mean())) + log_ratio(score, fit_ratio(score, y))
    # three parameters from 10,000 outcomes: each has a standard error of about .06, the sum of three up to .2
    assert np.abs(found - true)[np.abs(score) < 3].max() < 0.4


def test_log_odds_stay_finite():
    sure = log_odds(np.array([[1, 0], [0, 1], [0.5, 0.5]], np.float32))
    assert np.isfinite(sure).all()
    assert sure[0] == -sure[1] < 0 == sure[2]


@pytest.mark.parametrize(
    ("options", "word"),
    [({"epochs": 0}, "epochs"), ({"batch_size": 1.5}, "batch_size"), ({"learning_rate": 0}, "learning_rate"),
     ({"seed": -1}, "seed")],
)  # fmt: skip
def test_bad_options_are_told(training, options, word):
    with pytest.raises(ValueError, match=word):
        CnnInspector(**options).fit(training)


def test_bad_parts_are_told(inspector):
    with pytest.raises(ValueError, match="Parts"):
        CnnInspector().fit(np.zeros((10, 64, 64), np.uint8))
    with pytest.raises(ValueError, match="multiple of 16"):
        CnnInspector().fit(make_parts(100, size=40, defect_rate=0.5))
    with pytest.raises(ValueError, match="defective"):
        CnnInspector().fit(make_parts(200, size=32))
    with pytest.raises(ValueError, match="in order"):
        CnnInspector().fit(make_parts(200, size=32, defect_rate=1))
    with pytest.raises(NotFittedError):
        CnnInspector().defect_probability(make_parts(2))
    for images in (np.zeros((2, 64, 64), np.uint8), np.zeros((2, 32, 32)), np.zeros((32, 32), np.uint8)):
        with pytest.raises(ValueError, match=r"uint8 of shape \(n, 32, 32\)"):
            inspector.defect_probability(images)
    for rate in (0, 1, float("nan"), True):
        with pytest.raises(ValueError, match="defect_rate"):
            inspector.defect_probability(make_parts(2, size=32), defect_rate=rate)
    with pytest.raises(ValueError, match="threshold"):
        inspector.predict(make_parts(2, size=32), threshold=1.5)


@pytest.mark.slow
def test_it_works_in_the_lab_and_fails_in_the_factory():
    """The story of the lecture: a recall that was excellent in the lab is not on the first day at work."""
    inspector = CnnInspector().fit(make_parts(6_000, defect_rate=0.5, seed=100))
    lab, factory = (make_parts(12_000, defect_rate=0.5, lighting=light, seed=977) for light in ("lab", "factory"))
    p, q = (inspector.defect_probability(parts) for parts in (lab, factory))
    threshold = np.quantile(p[~lab.is_defective], 0.99)
    assert roc_auc_score(lab.is_defective, p) > 0.98
    assert (p[lab.is_defective] > threshold).mean() > 0.93
    assert 0.4 < (q[factory.is_defective] > threshold).mean() < 0.75
    # hard for anybody: the mildest defects are missed, the worst are not
    assert (p[lab.is_defective & (lab.severity < 0.2)] > threshold).mean() < 0.4
    assert (p[lab.severity > 0.8] > threshold).mean() > 0.98
    for rate in (0.02, 0.1):
        parts = make_parts(40_000, defect_rate=rate, seed=978)
        curve = calibration(parts.is_defective, inspector.defect_probability(parts, defect_rate=rate))
        assert 0.9 < curve.slope < 1.1
        assert curve.expected_calibration_error < 0.01
