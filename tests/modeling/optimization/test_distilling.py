"""Distillation: the loss against a plain computation, the control, and what unlabelled examples are used for."""

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from coursekit.modeling.optimization.distilling import distill
from coursekit.modeling.training import load_keras, reproducible

RNG = np.random.default_rng(0)
X = RNG.normal(size=(96, 6)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] > 0).astype(int)


def network(hidden, seed, *, classes=2, activation="softmax", inputs=6):
    keras = load_keras()
    with reproducible(seed):
        return keras.Sequential(
            [
                keras.layers.Dense(hidden, activation="relu", input_shape=(inputs,)),
                keras.layers.Dense(classes, activation=activation),
            ]
        )


@pytest.fixture(scope="module")
def teacher():
    keras = load_keras()
    model = network(32, 1)
    with reproducible(1):
        many = np.random.default_rng(1).normal(size=(1000, 6)).astype(np.float32)
        model.compile(keras.optimizers.Adam(5e-3), "sparse_categorical_crossentropy")
        model.fit(many, (many[:, 0] + many[:, 1] > 0).astype(int), epochs=8, verbose=0)
    return model


def logits_of(model, inputs, activation):
    outputs = model.predict(inputs, verbose=0).astype(float)
    return np.log(outputs) if activation == "softmax" else outputs


@pytest.mark.parametrize(
    ("activation", "heat", "weight", "more"),
    [("softmax", 4.0, 0.7, 32), ("linear", 4.0, 0.7, 0), ("softmax", 1.0, 0.5, 0), ("linear", 3.0, 1.0, 32)],
)
def test_the_loss_is_the_one_of_the_formula(teacher, activation, heat, weight, more):
    """One batch of everything at next to no learning rate: its loss, computed in float64."""
    student = network(3, 2, activation=activation)
    everything = np.concatenate([X[:64], X[64 : 64 + more]])
    done = distill(
        teacher,
        student,
        X[:64],
        Y[:64],
        unlabeled=X[64 : 64 + more] if more else None,
        temperature=heat,
        teacher_weight=weight,
        epochs=1,
        batch_size=96,
        learning_rate=1e-9,
    )
    v, z = logits_of(teacher, everything, "softmax"), logits_of(student, everything, activation)
    gap = (softmax(v / heat, 1) * (log_softmax(v / heat, 1) - log_softmax(z / heat, 1))).sum(axis=1)
    hard = -log_softmax(z[:64], 1)[np.arange(64), Y[:64]]
    wanted = (1 - weight) * hard.mean() + weight * heat**2 * gap.mean()
    # float32: a relative error of about 1e-6 in logits near 10, times T squared
    assert done.history["loss"].iloc[0] == pytest.approx(wanted, rel=1e-4, abs=1e-5)
    assert done.history["accuracy"].iloc[0] == pytest.approx(np.mean(z[:64].argmax(1) == Y[:64]))
    assert done.control_history["loss"].iloc[0] == pytest.approx(hard[np.arange(64 + more) % 64].mean(), rel=1e-4)


def test_without_the_teacher_the_student_is_the_control(teacher):
    """The same examples in the same order from the same start: what is left of the difference is rounding."""
    done = distill(teacher, network(4, 2), X, Y, teacher_weight=0.0, epochs=3, batch_size=32)
    for one, other in zip(done.student.get_weights(), done.control.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)  # Adam magnifies float32's rounding in small gradients


def test_a_student_of_the_teachers_answers_alone(teacher):
    """All weight on the teacher: wrong labels do no harm to the student, and all the harm to the control."""
    done = distill(teacher, network(8, 2), X, 1 - Y, teacher_weight=1.0, epochs=30, batch_size=16)
    fresh = np.random.default_rng(5).normal(size=(500, 6)).astype(np.float32)
    truth = (fresh[:, 0] + fresh[:, 1] > 0).astype(int)
    right = {
        name: np.mean(m.predict(fresh, verbose=0).argmax(1) == truth)
        for name, m in (("student", done.student), ("control", done.control))
    }
    assert right["student"] > 0.85 > 0.3 > right["control"]


def test_unlabelled_examples_are_where_a_teacher_helps(teacher):
    fresh = np.random.default_rng(6).normal(size=(1000, 6)).astype(np.float32)
    truth = (fresh[:, 0] + fresh[:, 1] > 0).astype(int)
    more = np.random.default_rng(7).normal(size=(500, 6)).astype(np.float32)
    done = distill(teacher, network(8, 2), X[:12], Y[:12], unlabeled=more, epochs=10, batch_size=32)
    student, control = (np.mean(m.predict(fresh, verbose=0).argmax(1) == truth) for m in (done.student, done.control))
    assert student > control + 0.05
    assert (done.examples, done.unlabeled, done.temperature) == (12, 500, 4.0)


def test_nothing_is_done_to_teacher_or_student(teacher):
    student = network(4, 2)
    before = [weight.copy() for weight in teacher.get_weights() + student.get_weights()]
    one, other = (distill(teacher, student, X, Y, epochs=2, seed=3) for _ in range(2))
    for old, new in zip(before, teacher.get_weights() + student.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    for some in ("student", "control"):
        pairs = zip(getattr(one, some).get_weights(), getattr(other, some).get_weights(), strict=True)
        assert all((weight == again).all() for weight, again in pairs)  # the same seed
    frame = one.to_frame()
    assert frame.columns.tolist() == ["model", "epoch", "loss", "accuracy"]
    assert frame["model"].tolist() == ["student"] * 2 + ["control"] * 2


def test_a_teacher_that_is_certain_to_the_last_bit():
    """A probability of exactly zero has no logarithm; the loss stays finite."""
    keras = load_keras()
    sure = network(4, 1)
    sure.layers[-1].set_weights([sure.layers[-1].get_weights()[0] * 1e4, np.array([5000.0, -5000.0])])
    assert keras.backend.epsilon() > sure.predict(X, verbose=0).min() == 0
    done = distill(sure, network(3, 2), X, Y, epochs=1)
    assert np.isfinite(done.history.to_numpy()).all()


def test_silent_unless_asked(teacher, capfd, recwarn):
    distill(teacher, network(3, 2), X, Y, epochs=1)
    assert capfd.readouterr() == ("", "") and not recwarn.list
    distill(teacher, network(3, 2), X, Y, epochs=1, verbose=1)
    assert "accuracy" in capfd.readouterr().out


def test_what_is_no_distillation(teacher):
    student = network(3, 2)
    for options, told in (
        ({"temperature": 0}, "temperature must be a finite number above 0"),
        ({"teacher_weight": 1.5}, "teacher_weight must be from 0 to 1"),
        ({"teacher_weight": float("nan")}, "teacher_weight must be"),
        ({"epochs": 0}, "epochs must be"),
        ({"unlabeled": X[:, :3]}, r"unlabeled must be numbers of shape \(n, 6\)"),
        ({"unlabeled": np.full((2, 6), np.nan)}, "in unlabeled hold NaN"),
        ({"unlabeled": X[:0]}, "n of at least 1"),
    ):
        with pytest.raises(ValueError, match=f"distill: .*{told}"):
            distill(teacher, student, X, Y, **options)
    for other in (network(3, 2, classes=3), network(3, 2, inputs=5)):
        with pytest.raises(ValueError, match="same input and answer for the same classes"):
            distill(teacher, other, X, Y)
    with pytest.raises(ValueError, match="distill: teacher must be a Keras-2 model"):
        distill("teacher", student, X, Y)
    with pytest.raises(ValueError, match="distill: the last layer of student"):
        distill(teacher, network(3, 2, activation="sigmoid"), X, Y)
    with pytest.raises(ValueError, match="y must hold classes from 0 to 1"):
        distill(teacher, student, X, Y + 1)
