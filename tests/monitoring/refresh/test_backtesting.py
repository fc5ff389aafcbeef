"""A backtest trains on what was known, serves what was delivered, and never looks ahead."""

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.naive_bayes import GaussianNB

from coursekit.monitoring.detectors import DDM
from coursekit.monitoring.refresh import (
    Budgeted,
    KnownDelay,
    LinearStaleness,
    OnDemand,
    RefreshPolicy,
    Scheduled,
    Triggered,
    backtest,
    simulate,
)

N_STEPS, TURN = 200, 100


def _turning_world(rows_per_step=30, seed=0):
    """Two features; the label is the sign of a direction that turns by 120 degrees at step TURN."""
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(N_STEPS), rows_per_step)
    X = rng.normal(size=(len(day), 2))
    angle = np.where(day < TURN, 0.0, 2 * np.pi / 3)
    y = (X[:, 0] * np.cos(angle) + X[:, 1] * np.sin(angle) > 0).astype(int)
    return day, X, y


def _remembering(model=GaussianNB):
    """A model that remembers what each fit was shown, in the order of the fits."""

    class Remembering(model):
        def fit(self, X, y):
            self.shown.append((np.array(X), np.array(y)))
            return super().fit(X, y)

    Remembering.shown = []
    return Remembering


class NewestKnown(BaseEstimator):
    """Predicts the newest step that it was trained on: its error is its age."""

    def fit(self, X, y):
        self.newest_ = np.max(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.newest_)


@settings(max_examples=40)
@given(
    every=st.integers(1, 30),
    train_duration=st.integers(0, 20),
    label_delay=st.integers(0, 20),
    min_gap=st.integers(0, 9),
    overlapping=st.booleans(),
    window=st.none() | st.integers(1, 50),
)
def test_a_model_whose_error_is_its_age_costs_what_the_simulation_says(
    every, train_duration, label_delay, min_gap, overlapping, window
):
    """Oracle: simulate. The newest known step is cutoff - 1, so step - newest = age + 1/2."""
    step = np.arange(150)
    initial = 50
    rules = {
        "train_duration": train_duration,
        "label_delay": label_delay,
        "min_gap": min_gap,
        "overlapping": overlapping,
        "retrain_cost": 7,
    }
    real = backtest(
        NewestKnown(),
        step[:, None],
        step,
        time=step,
        policy=Scheduled(every, offset=initial),
        initial=initial,
        window=window,
        loss=lambda y, predicted: y - predicted,
        **rules,
    )
    formula = simulate(Scheduled(every), staleness=LinearStaleness(1.0), horizon=100, errors_per_step=0, **rules)
    np.testing.assert_array_equal(real.loss, formula.age + 0.5)
    np.testing.assert_array_equal(real.age, formula.age)
    np.testing.assert_array_equal(real.starts, formula.starts + initial)
    np.testing.assert_array_equal(real.refused, formula.refused + initial)
    np.testing.assert_array_equal(real.model, formula.model)
    assert real.cost == pytest.approx(formula.cost + 50)


def test_trainings_see_the_labelled_window_and_nothing_else():
    day, X, y = _turning_world(rows_per_step=3)
    model = _remembering()
    result = backtest(
        model(),
        X,
        y,
        time=day,
        policy=OnDemand([60, 90, 195]),
        initial=50,
        train_duration=8,
        label_delay=5,
        window=20,
    )
    for start, (seen, labels) in zip((42, 60, 90), model.shown, strict=True):  # the one of 195 never serves
        known = (day < start - 5) & (day >= start - 5 - 20)
        np.testing.assert_array_equal(seen, X[known])
        np.testing.assert_array_equal(labels, y[known])
    assert result.training_rows.tolist() == [60, 60, 60, 0]
    assert result.to_frame()["delivered"].to_numpy().nonzero()[0].tolist() == [68 - 50, 98 - 50]


POLICIES = st.sampled_from(
    [
        Scheduled(7),
        Triggered(DDM(n_min=20, drift_level=2.0)),
        Budgeted(Triggered(DDM(n_min=20, drift_level=2.0), wait=2), budget=1, per=15),
    ]
)


@settings(max_examples=30, deadline=None)
@given(
    policy=POLICIES,
    train_duration=st.integers(0, 8),
    label_delay=st.integers(0, 8),
    now=st.integers(20, 58),
    seed=st.integers(0, 99),
)
def test_changing_or_removing_rows_after_a_step_changes_nothing_up_to_it(
    policy, train_duration, label_delay, now, seed
):
    rng = np.random.default_rng(seed)
    day = np.sort(rng.integers(0, 60, size=400))
    day[0], day[-1] = 0, 59
    X = rng.normal(size=(400, 2))
    y = (X[:, 0] + rng.normal(size=400) > np.where(day < 35, 0, 1.5)).astype(int)
    later = day > now
    other_X, other_y = np.where(later[:, None], -9.0, X), np.where(later, 1 - y, y)
    rules = {
        "policy": policy,
        "initial": 20,
        "train_duration": train_duration,
        "label_delay": min(label_delay, 19 - train_duration),
    }
    before = backtest(GaussianNB(), X, y, time=day, **rules)
    changed = backtest(GaussianNB(), other_X, other_y, time=day, **rules)
    removed = backtest(GaussianNB(), X[~later], y[~later], time=day[~later], **rules)
    served = int(removed.step[-1]) - 20 + 1
    for other in (changed, removed):
        np.testing.assert_array_equal(before.loss[:served], other.loss[:served])
        np.testing.assert_array_equal(before.model[:served], other.model[:served])
        np.testing.assert_array_equal(before.age[:served], other.age[:served])
        np.testing.assert_array_equal(
            before.starts[before.starts <= removed.step[-1]], other.starts[other.starts <= removed.step[-1]]
        )


@settings(max_examples=30, deadline=None)
@given(
    policy=POLICIES,
    train_duration=st.integers(0, 8),
    label_delay=st.integers(0, 8),
    now=st.integers(20, 59),
    seed=st.integers(0, 99),
)
def test_labels_that_have_not_arrived_change_no_model_and_no_decision(policy, train_duration, label_delay, now, seed):
    """At the start of step ``now`` the labels of steps from now - label_delay on are unknown."""
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(60), 6)
    X = rng.normal(size=(len(day), 2))
    y = (X[:, 0] + rng.normal(size=len(day)) > np.where(day < 35, 0, 1.5)).astype(int)
    label_delay = min(label_delay, 19 - train_duration)
    unknown = day >= now - label_delay
    rules = {
        "time": day,
        "policy": policy,
        "initial": 20,
        "train_duration": train_duration,
        "label_delay": label_delay,
    }
    runs = []
    for labels in (y, np.where(unknown, 1 - y, y)):
        model = _remembering()
        runs.append((backtest(model(), X, labels, **rules), model.shown))
    (one, one_shown), (other, other_shown) = runs
    started = one.starts[one.starts <= now]
    np.testing.assert_array_equal(started, other.starts[other.starts <= now])
    delivered = 1 + int(np.sum(started + train_duration <= 59))  # those that serve are trained, and the first model
    for shown, other_one in zip(one_shown[:delivered], other_shown[:delivered], strict=True):
        np.testing.assert_array_equal(shown[0], other_one[0])
        np.testing.assert_array_equal(shown[1], other_one[1])


def test_after_a_turn_a_calendar_and_an_alarm_repair_what_never_retraining_leaves():
    """The old direction is wrong on 120/180 of the rows after the turn; a fitted line errs on few.

    Never: about 1/2 x 2/3 of 150 x 30 rows, minus nothing. A model of the new world only (window 20, data from after
    the turn) errs on less than 5% of rows; so each policy is lossy for its delays and good after.
    """
    day, X, y = _turning_world()
    rules = {"time": day, "initial": 50, "train_duration": 7, "label_delay": 5, "window": 20, "retrain_cost": 30}
    model = LogisticRegression()
    never = backtest(model, X, y, policy=OnDemand([]), **rules)
    weekly = backtest(model, X, y, policy=Scheduled(7), **rules)
    policy = Triggered(DDM(n_min=300, drift_level=4), wait=15)
    alarmed = backtest(model, X, y, policy=policy, **rules)
    assert never.mean_loss == pytest.approx(100 / 150 * 2 / 3, abs=0.03)
    # steps until even the oldest row of the window is new: wait for the start, both delays, the window
    assert weekly.loss[TURN - 50 + 7 + 5 + 7 + 20 :].sum() < 0.05 * weekly.rows[TURN - 50 + 39 :].sum()
    assert alarmed.starts[0] >= TURN + 1 + 5 + 15
    assert alarmed.starts.size == 1
    lossy = alarmed.deliveries[0] - TURN
    assert alarmed.loss.sum() < 30 * (lossy + 0.05 * (150 - lossy))
    assert alarmed.cost < weekly.cost < never.cost


def test_a_trigger_hears_exactly_the_errors_whose_labels_have_arrived():
    heard = {}

    class Listener(RefreshPolicy):
        def wants(self, step, news):
            heard[step] = news
            return step == 80

    day, X, y = _turning_world(rows_per_step=4)
    keep = day % 10 != 3  # some steps have no rows
    day, X, y = day[keep], X[keep], y[keep]
    result = backtest(GaussianNB(), X, y, time=day, policy=Listener(), initial=50, train_duration=6, label_delay=4)
    for step, news in heard.items():
        labelled = step - 1 - 4
        if labelled < 50:
            assert news.errors.size == 0
            continue
        assert len(news.errors) == np.sum(day == labelled) == result.rows[labelled - 50]
        assert news.errors.sum() == result.loss[labelled - 50]
        assert news.model == result.model[labelled - 50]
    frame = result.to_frame()
    assert frame.loc[frame["rows"] == 0, "mean_loss"].isna().all()
    assert frame.loc[frame["rows"] == 0, "loss"].eq(0).all()


def test_log_loss_is_that_of_scikit_learn_and_an_unseen_class_costs_the_most():
    day, X, y = _turning_world(rows_per_step=10)
    rules = {"time": day, "policy": OnDemand([]), "initial": 50, "loss": "log"}
    result = backtest(LogisticRegression(), X, y, **rules)
    fitted = LogisticRegression().fit(X[day < 50], y[day < 50])
    served = day >= 50
    assert result.mean_loss == pytest.approx(log_loss(y[served], fitted.predict_proba(X[served])))
    names = np.where(day < 150, np.array(["정상", "사기"])[y], "새 수법")
    strange = backtest(LogisticRegression(), X, names, **rules)
    np.testing.assert_allclose(strange.loss[100:], -10 * np.log(np.finfo(float).eps))


def test_dates_are_steps_and_frames_are_features():
    day, X, y = _turning_world(rows_per_step=5)
    numbers = backtest(GaussianNB(), X, y, time=day, policy=Scheduled(30), initial=50, train_duration=3, label_delay=2)
    first = np.datetime64("2013-01-01T00:00")
    hours = np.arange(len(day)) % 5 * np.timedelta64(4, "h")
    dates = pd.Series(first + day * np.timedelta64(1, "D") + hours)
    dated = backtest(
        GaussianNB(),
        pd.DataFrame(X, columns=["a", "b"]),
        pd.Series(y),
        time=dates,
        policy=Scheduled(30),
        initial="2013-02-20",
        train_duration=3,
        label_delay=2,
        changes=[np.datetime64("2013-04-11")],
    )
    np.testing.assert_array_equal(dated.loss, numbers.loss)
    np.testing.assert_array_equal(dated.starts, numbers.starts)
    assert dated.time[0] == np.datetime64("2013-02-20")
    assert dated.changes.tolist() == [100.0]
    half_days = backtest(
        GaussianNB(), X, y, time=dates, policy=Scheduled(60), initial="2013-02-20", step="12h", train_duration=6
    )
    assert half_days.step[0] == 100
    figure = dated.plot()
    assert {str(shape.x0)[:10] for shape in figure.layout.shapes} == {"2013-04-11"}
    assert pd.Timestamp(figure.data[2].x[0]) == pd.Timestamp("2013-03-02")  # day 60, the first start


def test_the_ideal_detector_runs_on_data_whose_changes_are_known():
    day, X, y = _turning_world(rows_per_step=5)
    rules = {"time": day, "policy": Triggered(KnownDelay(9)), "initial": 50, "label_delay": 4}
    result = backtest(GaussianNB(), X, y, changes=[float(TURN)], **rules)
    assert result.starts.tolist() == [TURN + 4 + 9]
    with pytest.raises(ValueError, match="pass changes="):
        backtest(GaussianNB(), X, y, **rules)


def test_nothing_that_is_passed_in_changes():
    day, X, y = _turning_world(rows_per_step=5)
    model, copies = GaussianNB(), (day.copy(), X.copy(), y.copy())
    backtest(model, X, y, time=day, policy=Scheduled(20), initial=50)
    assert not hasattr(model, "classes_")
    for now, before in zip((day, X, y), copies, strict=True):
        np.testing.assert_array_equal(now, before)


@pytest.mark.parametrize("model", [GaussianNB(), LogisticRegression()])
def test_a_model_whose_fit_returns_nothing_serves_all_the_same(model):
    class Silent(type(model)):
        def fit(self, X, y):
            super().fit(X, y)

    rules = {"time": DAY, "policy": Scheduled(30), "initial": 50}
    expected = backtest(model, FEATURES, LABELS, **rules)
    np.testing.assert_array_equal(backtest(Silent(), FEATURES, LABELS, **rules).loss, expected.loss)


def test_progress_is_told_once_a_step_with_or_without_rows():
    told = []
    keep = DAY % 7 != 2  # some steps have no rows
    rules = {"time": DAY[keep], "policy": OnDemand([]), "initial": 50}
    backtest(
        GaussianNB(), FEATURES[keep], LABELS[keep], progress=lambda done, total: told.append((done, total)), **rules
    )
    assert told == [(done, 150) for done in range(1, 151)]


class WithoutRefusals:
    def start(self):
        return self

    def wants(self, step, news):
        return False


class StartsNothing(RefreshPolicy):
    def start(self):
        return None


class Columns(GaussianNB):
    def predict(self, X):
        return super().predict(X)[:, None]


class FirstRowOnly(GaussianNB):
    def predict(self, X):
        return super().predict(X)[:1]


class MissesProbabilities(GaussianNB):
    def predict_proba(self, X):
        return np.full_like(super().predict_proba(X), np.nan)


DAY, FEATURES, LABELS = _turning_world(rows_per_step=2)
DATES = np.datetime64("2020-01-01") + DAY
SEOUL = pd.Series(DATES).dt.tz_localize("Asia/Seoul")
DATED = {"time": DATES, "initial": "2020-02-20"}


@pytest.mark.parametrize(
    "given_",
    [
        "2020-02-20",
        date(2020, 2, 20),
        datetime(2020, 2, 20, 18),
        pd.Timestamp("2020-02-20"),
        np.datetime64("2020-02-20"),
    ],
    ids=repr,
)
def test_a_date_may_be_written_in_any_way(given_):
    result = backtest(GaussianNB(), FEATURES, LABELS, **{**DATED, "initial": given_}, policy=OnDemand([]))
    assert result.step[0] == 50
    changed = backtest(GaussianNB(), FEATURES, LABELS, **DATED, policy=OnDemand([]), changes=[given_])
    assert np.floor(changed.changes).tolist() == [50]
    assert backtest(GaussianNB(), FEATURES, LABELS, **DATED, policy=OnDemand([]), changes=[]).changes.size == 0


@pytest.mark.parametrize(
    "step", ["1D", "24h", timedelta(days=1), np.timedelta64(24, "h"), pd.Timedelta(days=1)], ids=repr
)
def test_a_step_may_be_written_in_any_way(step):
    assert len(backtest(GaussianNB(), FEATURES, LABELS, **DATED, policy=OnDemand([]), step=step).step) == 150


@pytest.mark.parametrize("step", [7, 7.0, "7", None, "NaT", pd.NaT, np.timedelta64(7), True, ""], ids=repr)
def test_a_step_without_a_unit_is_refused_and_not_read_as_nanoseconds(step):
    with pytest.raises(ValueError, match="step must be a length of time such as '1D' or '6h', with its unit"):
        backtest(GaussianNB(), FEATURES, LABELS, **DATED, policy=OnDemand([]), step=step)


@pytest.mark.parametrize(
    ("options", "parameter"),
    [
        ({"time": SEOUL}, "time"),
        ({"initial": pd.Timestamp("2020-02-20", tz="Asia/Seoul")}, "initial"),
        ({"initial": "2020-02-20T00:00+09:00"}, "initial"),
        ({"changes": SEOUL[:3]}, "changes"),
        ({"changes": ["2020-02-20", pd.Timestamp("2020-02-20", tz="UTC")]}, "changes"),
    ],
)
def test_a_time_zone_is_refused_with_the_remedy_everywhere(options, parameter):
    remedy = r'\.tz_convert\("UTC"\)\.tz_localize\(None\)'
    with pytest.raises(ValueError, match=f"^backtest: {parameter} must .*{remedy}"):
        backtest(GaussianNB(), FEATURES, LABELS, **{**DATED, **options}, policy=OnDemand([]))
    cured = SEOUL.dt.tz_convert("UTC").dt.tz_localize(None)
    assert backtest(GaussianNB(), FEATURES, LABELS, **{**DATED, "time": cured}, policy=OnDemand([])).rows.sum() > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"time": np.append(DATES[:-1], np.datetime64("9999-01-01"))}, "1678 to 2261"),
        ({"initial": np.datetime64("9999-01-01")}, "1678 to 2261"),
        ({"initial": "1500-01-01"}, "initial must be a date"),
        ({"time": np.append(DATES[:-1], np.datetime64("2200-01-01")), "step": "1s"}, "outlier in|too short"),
        ({"time": [date(2020, 1, 1)] * 400}, "pd.to_datetime"),
        ({"initial": None}, "initial must be a date"),
        ({"initial": 50}, "initial must hold datetime64"),
    ],
)
def test_dates_that_are_none_are_named(options, message):
    with pytest.raises(ValueError, match=f"^backtest: .*({message})"):
        backtest(GaussianNB(), FEATURES, LABELS, **{**DATED, **options}, policy=OnDemand([]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"X": np.empty((0, 2)), "y": [], "time": []}, "at least one"),
        ({"y": LABELS[:-1]}, "equally many rows"),
        ({"time": DAY[:-1]}, "time must hold"),
        ({"time": DAY[::-1]}, "row 2 is earlier than the one before; sort the rows"),
        ({"time": np.where(DAY == 7, np.nan, DAY)}, r"time\[14\] is missing"),
        ({"time": DAY.astype(str)}, "time must hold"),
        ({"time": np.append(np.datetime64("2020-01-01") + DAY[:-1], np.datetime64("NaT"))}, r"time\[399\] is missing"),
        ({"y": np.where(DAY == 7, np.nan, LABELS)}, r"y\[14\] is missing"),
        ({"initial": 500}, "initial is step 500, but the data reach from step 0 to 199"),
        ({"initial": 0}, "no rows"),
        ({"initial": np.datetime64("2020-01-01")}, "initial must hold numbers of steps"),
        ({"initial": [50, 60]}, "one step or date"),
        ({"label_delay": 400}, "the data begin at step 0"),
        ({"label_delay": -1}, "label_delay"),
        ({"train_duration": -1}, "train_duration"),
        ({"train_duration": 60}, "no rows"),
        ({"min_gap": -1}, "min_gap"),
        ({"window": 0}, "window"),
        ({"retrain_cost": float("inf")}, "retrain_cost"),
        ({"loss": "accuracy"}, "'error', 'log' or a function"),
        ({"loss": lambda y, predicted: np.mean(y != predicted)}, "do not average"),
        ({"loss": lambda y, predicted: np.full(len(y), np.nan)}, "finite number a row"),
        ({"model": NewestKnown(), "loss": "log"}, "predict_proba"),
        ({"model": LogisticRegression}, "scikit-learn estimator"),
        ({"model": LogisticRegression(), "y": np.where(DAY < 90, 0, LABELS)}, "cannot learn from its 100 rows"),
        ({"policy": DDM()}, r"Triggered\(detector\)"),
        ({"policy": WithoutRefusals()}, "subclass of RefreshPolicy"),
        ({"policy": StartsNothing()}, r"StartsNothing\.start\(\): policy must be"),
        ({"train_duration": 10**30}, "train_duration must be a whole number"),
        ({"model": Columns()}, r"step 50, predicts shape \(2, 1\) for 2 rows; it must give one value a row"),
        ({"model": Columns(), "loss": lambda y, predicted: y - predicted}, "one value a row"),
        ({"model": FirstRowOnly()}, r"predicts shape \(1,\) for 2 rows"),
        ({"X": np.where(DAY[:, None] == 60, np.nan, FEATURES)}, "serves step 60, cannot predict the 2 rows: .*NaN"),
        ({"model": MissesProbabilities(), "loss": "log"}, r"finite probability a row and class, shape \(2, 2\)"),
        ({"time": np.where(np.arange(400) == 399, 1e15, DAY)}, "outlier"),
        ({"time": np.where(np.arange(400) == 399, 1e300, DAY)}, "beyond 2"),
        ({"changes": [1e300]}, "beyond 2"),
        ({"initial": -1e300}, "beyond 2"),
        ({"progress": 3}, "progress must be a function"),
        ({"step": "soon", "time": np.datetime64("2020-01-01") + DAY}, "step must be a length of time"),
        ({"step": "-1D", "time": np.datetime64("2020-01-01") + DAY}, "longer than nothing"),
        ({"changes": [np.nan]}, "changes"),
        ({"changes": ["2020"]}, "changes must hold numbers"),
    ],
)
def test_nonsense_is_named(options, message):
    given_ = {"model": GaussianNB(), "X": FEATURES, "y": LABELS, "time": DAY, "initial": 50, "policy": Scheduled(20)}
    given_.update(options)
    with pytest.raises(ValueError, match=message):
        backtest(given_.pop("model"), given_.pop("X"), given_.pop("y"), **given_)
