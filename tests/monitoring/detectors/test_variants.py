"""Does each variant do what MOA and the papers say, and do the alarms stay as they are?"""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

from coursekit.monitoring.detectors import ADWIN, DDM, EDDM, HDDM_A, HDDM_W, KSWIN, Alarms, PageHinkley
from coursekit.monitoring.detectors._base import Detector
from tests.monitoring.detectors import definitions
from tests.monitoring.detectors.adwin_definition import AdwinByDefinition
from tests.monitoring.detectors.river_alarms import river_alarms

GOLDENS = Path(__file__).parent / "goldens"


def by_definition(detector: Detector, stream: np.ndarray) -> tuple[list[int], list[int]]:
    """Warnings and drifts, from the plain-Python definition with the detector's parameters."""
    if isinstance(detector, ADWIN):
        adwin = AdwinByDefinition()
        return [], [at for at, x in enumerate(stream.tolist()) if adwin.hear(x)]
    rule: Callable = {DDM: definitions.ddm, EDDM: definitions.eddm, PageHinkley: definitions.page_hinkley}[
        type(detector)
    ]
    told = {name: value for name, value in detector.parameters().items() if value is not None}
    words = rule(stream.tolist(), **told)
    return tuple([at for at, word in enumerate(words) if word == wanted] for wanted in ("warning", "drift"))


def as_lists(alarms: Alarms) -> tuple[list[int], list[int]]:
    return alarms.warnings.tolist(), alarms.drifts.tolist()


def errors(seed: int, rates: list[float], each: int) -> np.ndarray:
    """Errors (1) at one rate after the other, so many elements of each."""
    rng = np.random.default_rng(seed)
    return (rng.random(each * len(rates)) < np.repeat(rates, each)).astype(float)


# --- against the definitions ------------------------------------------------------------------

SETTINGS = [
    DDM(variant="moa"),
    DDM(variant="paper"),
    DDM(variant="moa", n_min=100, warning_level=1.5, drift_level=2.5),
    DDM(variant="paper", n_min=7, warning_level=1.0, drift_level=4.0),
    DDM(variant="moa", n_min=1),
    EDDM(variant="moa"),
    EDDM(variant="paper"),
    EDDM(variant="moa", n_min=5, alpha=0.8, beta=0.6),
    EDDM(variant="paper", n_min=5, alpha=0.8, beta=0.6),
    EDDM(variant="moa", n_min=100),
    EDDM(variant="paper", n_min=1, alpha=0.99, beta=0.3),
    PageHinkley(variant="moa"),
    PageHinkley(variant="moa", n_min=5, delta=0.05, threshold=8, forgetting=0.99),
    PageHinkley(variant="moa", n_min=1, delta=0.0, threshold=3, forgetting=1.0),
    PageHinkley(variant="paper"),
    PageHinkley(variant="paper", mode="up", threshold=5, delta=0.02),
    PageHinkley(variant="paper", mode="down", threshold=5, delta=0.02, n_min=200),
]


@pytest.mark.parametrize("detector", SETTINGS, ids=repr)
def test_alarms_follow_the_definition(detector):
    """Where p and its like are not tied, exact sums and recurrences must agree on every element."""
    told = ([], [])
    for seed in range(6):
        rates = np.random.default_rng((seed, 1)).random(8) ** 2
        stream = errors(seed, rates.tolist(), 500)
        expected = by_definition(detector, stream)
        assert as_lists(detector.detect(stream)) == expected
        told = (told[0] + expected[0], told[1] + expected[1])
    assert told[1], "without a drift the comparison says nothing"
    assert told[0] or isinstance(detector, PageHinkley)


@pytest.mark.parametrize("variant", ["moa", "paper"])
def test_page_hinkley_follows_the_definition_on_real_numbers(variant):
    for seed in range(4):
        rng = np.random.default_rng(seed)
        stream = rng.normal(np.repeat(np.linspace(100, 240, 8), 400), 10)
        detector = PageHinkley(variant=variant, threshold=300, delta=1)
        expected = by_definition(detector, stream)
        assert as_lists(detector.detect(stream)) == expected
        assert expected[1]


# --- known facts ------------------------------------------------------------------------------


@pytest.mark.parametrize("variant", ["river", "moa", "paper"])
def test_one_error_after_five_hundred_right_answers_is_a_drift_there_and_nowhere_before(variant):
    """s = 0 until then: "at least the minimum plus three times nothing" would hold all along."""
    stream = np.r_[np.zeros(500), 1.0]
    assert as_lists(DDM(variant=variant).detect(stream)) == ([], [500])


def test_why_strictly_above():
    """With >= the same stream alarms at its 30th right answer, and 16 times in all."""
    words = definitions.ddm([0.0] * 500 + [1.0], variant="paper", strictly_above=False)
    drifts = [at for at, word in enumerate(words) if word == "drift"]
    assert (drifts[0], len(drifts)) == (29, 16)


def test_the_same_drift_is_heard_at_different_elements():
    """Errors .1, from element 1,000 on .3; first drift and number of drifts."""
    stream = errors(42, [0.1, 0.3], 1_000)

    def heard(detector: Detector) -> tuple[int | None, int]:
        alarms = detector.detect(stream)
        return alarms.first_drift, len(alarms.drifts)

    assert {heard(DDM(variant=variant)) for variant in ("river", "moa", "paper")} == {(1243, 1)}
    assert heard(EDDM(variant="river")) == (1123, 8)
    assert heard(EDDM(variant="moa")) == (1132, 8)


def test_from_which_element_ddm_may_call_a_drift():
    """One error after so many right answers: a drift as soon as a minimum is kept and alarms are on."""
    first = {}
    for variant in ("river", "moa", "paper"):
        zeros = next(n for n in range(100) if DDM(variant=variant).detect([0] * n + [1]).drifts.size)
        first[variant] = zeros + 1
    # river keeps the minimum from the 31st, MOA from the 29th, the paper from the 30th; alarms follow one later
    assert first == {"river": 32, "moa": 30, "paper": 31}


def test_below_level_one_the_first_minimum_is_a_drift_itself():
    """p + s > p + s/2: the first element at which a minimum is kept and a drift may be called tells itself."""
    stream = [0, 1] * 60
    first = {
        variant: DDM(variant=variant, n_min=60, drift_level=0.5).detect(stream).first_drift
        for variant in ("river", "moa", "paper")
    }
    assert first == {"river": 60, "moa": 59, "paper": 59}


def test_from_which_error_eddm_may_call_a_drift():
    """Gaps of 9 and 1 in turns, then 5 each time.

    The mean stays at 5, the spread shrinks: the ratio is (5 + 8 sqrt(20/30)) / 13 = .89 by the 30th error.
    """
    calls = {}
    for variant in ("river", "moa", "paper"):
        stream = ([0] * 8 + [1, 1]) * 10 + [0, 0, 0, 0, 1] * 20
        drift = EDDM(variant=variant).detect(stream).first_drift
        calls[variant] = sum(stream[: drift + 1])
    assert calls == {"river": 31, "moa": 31, "paper": 30}


def test_only_river_keeps_a_warning_over_a_new_maximum():
    """A warning stands, then comes the longest gap of all: p' + 2s' is at its maximum, hardly a warning."""
    start = errors(1, [0.1], 1_000)
    told = EDDM(variant="river", beta=0.01).detect(start)
    at = int(told.warnings[0])
    stream = np.r_[start[: at + 1], np.zeros(500), 1.0, np.zeros(20)]
    standing = {variant: EDDM(variant=variant, beta=0.01).detect(stream).warnings for variant in ("river", "moa")}
    assert len(stream) - 1 in standing["river"]
    assert len(stream) - 1 not in standing["moa"]


def test_moa_page_hinkley_does_not_know_how_low_the_sum_was():
    """A long quiet rest pulls the sum down; without a minimum a rise must first make up for it."""
    stream = np.r_[np.zeros(3_000), np.ones(100)]
    heard = {
        variant: PageHinkley(variant=variant, mode="up").detect(stream).first_drift for variant in ("river", "moa")
    }
    assert heard["moa"] > heard["river"] + 10


def test_from_which_element_page_hinkley_may_call_a_drift():
    """A ramp is over the threshold early and waits for its turn."""
    ramp = np.arange(40.0)
    first = {
        variant: PageHinkley(variant=variant, threshold=1, n_min=30).detect(ramp).first_drift
        for variant in ("river", "moa", "paper")
    }
    assert first == {"river": 29, "moa": 28, "paper": 29}


@pytest.mark.parametrize("variant", ["river", "moa", "paper"])
def test_page_hinkley_calls_a_drift_above_the_threshold_not_on_it(variant):
    """After 0 and 1 the sum is 1 - 1/2, exactly."""
    detector = PageHinkley(variant=variant, n_min=1, delta=0.0, threshold=0.5, forgetting=1.0)
    assert detector.detect([0, 1]).first_drift is None
    assert detector.detect([0, 1.001]).first_drift == 1


def test_the_variants_that_take_less_say_so():
    with pytest.raises(ValueError, match="PageHinkley: MOA's variant hears rises only"):
        PageHinkley(variant="moa", mode="both")
    with pytest.raises(ValueError, match="PageHinkley: the paper's variant forgets nothing"):
        PageHinkley(variant="paper", forgetting=0.99)


@pytest.mark.parametrize("kind", [DDM, EDDM])
def test_a_drift_level_as_loose_as_the_warning_level_calls_the_drift_where_it_warned(kind):
    for seed in range(5):
        stream = errors(seed, [0.1, 0.3, 0.05, 0.2], 1_000)
        default = kind()
        told = default.detect(stream)
        loose = kind(**{kind._strictness: getattr(default, kind._warning)}).detect(stream)
        assert loose.first_drift == min(told.first_warning, told.first_drift)


# --- golden files -----------------------------------------------------------------------------


def golden_streams(detector: Detector) -> dict[str, np.ndarray]:
    """The streams of the golden files."""
    streams = {
        "500 right, 1 wrong": np.r_[np.zeros(500), 1.0],
        "errors .1, from 1000 on .3; seed 42": errors(42, [0.1, 0.3], 1_000),
        "errors .1, 0 to 100000; seed 42": errors(42, [0.1], 100_000),
        "errors .3 .02 .5 .1 .05 .2, 1500 each; seed 7": errors(7, [0.3, 0.02, 0.5, 0.1, 0.05, 0.2], 1_500),
    }
    if isinstance(detector, KSWIN):  # river's hears some thousand elements a second
        del streams["errors .1, 0 to 100000; seed 42"]
    rng = np.random.default_rng(11)
    if isinstance(detector, PageHinkley | ADWIN | KSWIN):
        streams["normal, sd 10, mean 100 120 90 95, 800 each; seed 11"] = rng.normal(
            np.repeat([100, 120, 90, 95], 800), 10
        )
    if isinstance(detector, HDDM_A | HDDM_W):
        streams["uniform below .4 .6 .3 1, 1500 each; seed 11"] = rng.random(6_000) * np.repeat(
            [0.4, 0.6, 0.3, 1], 1_500
        )
    return streams


def runs(positions: list[int]) -> list[list[int]]:
    """[first, last] of each stretch without a gap."""
    stretches: list[list[int]] = []
    for at in positions:
        if stretches and stretches[-1][1] == at - 1:
            stretches[-1][1] = at
        else:
            stretches.append([at, at])
    return stretches


def alarms_from(say: Callable[[np.ndarray], tuple[list[int], list[int]]], detector: Detector) -> dict[str, dict]:
    """What a golden file holds, when it is asked of this source."""
    told = {name: say(stream) for name, stream in golden_streams(detector).items()}
    return {name: {"drifts": drifts, "warnings": runs(warnings)} for name, (warnings, drifts) in told.items()}


def source(detector: Detector) -> tuple[str, dict[str, dict]]:
    """Who vouches for these alarms, and the alarms."""
    if getattr(detector, "variant", "river") == "river":
        say = alarms_from(lambda stream: river_alarms(detector, stream.tolist()), detector)
        return f"river {version('river')}", say
    who = "adwin_definition.py" if isinstance(detector, ADWIN) else "definitions.py"
    return who, alarms_from(lambda stream: by_definition(detector, stream), detector)


GOLDEN_DETECTORS = {
    **{f"ddm_{variant}": DDM(variant=variant) for variant in ("river", "moa", "paper")},
    **{f"eddm_{variant}": EDDM(variant=variant) for variant in ("river", "moa", "paper")},
    **{f"page_hinkley_{variant}": PageHinkley(variant=variant) for variant in ("river", "moa", "paper")},
    **{f"adwin_{variant}": ADWIN(variant=variant) for variant in ("river", "moa")},
    "kswin_river": KSWIN(variant="river"),
    "hddm_a_river": HDDM_A(),
    "hddm_a_two_sided_river": HDDM_A(two_sided=True),
    "hddm_w_river": HDDM_W(),
    "hddm_w_two_sided_river": HDDM_W(two_sided=True),
}


def written(detector: Detector) -> str:
    """The text of a golden file: a line a list."""
    who, streams = source(detector)
    lines = []
    for name, alarms in streams.items():
        inner = ",\n".join(f"      {json.dumps(key)}: {json.dumps(value)}" for key, value in alarms.items())
        lines.append(f"    {json.dumps(name)}: {{\n{inner}\n    }}")
    head = f'{{\n  "detector": {json.dumps(repr(detector))},\n  "source": {json.dumps(who)},\n  "alarms": {{\n'
    return head + ",\n".join(lines) + "\n  }\n}\n"


@pytest.mark.parametrize("name", GOLDEN_DETECTORS)
def test_alarms_are_the_golden_ones(name, update_goldens):
    detector, path = GOLDEN_DETECTORS[name], GOLDENS / f"{name}.json"
    if update_goldens:
        path.write_text(written(detector), encoding="utf-8")
    golden = json.loads(path.read_text(encoding="utf-8"))
    assert golden["detector"] == repr(detector)
    assert alarms_from(lambda stream: as_lists(detector.detect(stream)), detector) == golden["alarms"]


@pytest.mark.parametrize("name", GOLDEN_DETECTORS)
def test_golden_files_say_what_their_source_says_today(name):
    detector = GOLDEN_DETECTORS[name]
    golden = json.loads((GOLDENS / f"{name}.json").read_text(encoding="utf-8"))
    assert golden["alarms"] == source(detector)[1]


def test_no_golden_file_is_left_over():
    assert {path.stem for path in GOLDENS.glob("*.json")} == set(GOLDEN_DETECTORS)
