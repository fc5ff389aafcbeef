"""A day at the line, of one line or of hundreds at once, as counts."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True)
class Rates:
    """Probabilities of what can happen to a part; the first seven of a defect, the others of a good part.

    Defects differ in severity and minutes in attention, but each defect draws its own, so counts of a day are
    binomial with the mean probability. What depends on severity on both sides is averaged together.
    """

    model: float
    """The model finds it."""
    human: float
    """A person at the line finds it."""
    both: float
    """Both do."""
    audit_after_model: float
    """The auditor finds it, given that the model missed it."""
    audit_after_human: float
    """The auditor finds it, given that the person missed it."""
    third_model: float
    """The auditor confirms it, given that only the model found it."""
    third_human: float
    """The auditor confirms it, given that only the person found it."""
    model_false: float
    """The model rejects it."""
    human_false: float
    """A person rejects it."""


@dataclass(frozen=True, eq=False)
class Day:
    """Counts of a day, each ``(runs,)``, or of many, ``(days, runs)``; ``_m`` is the model's arm, ``_h`` people's."""

    parts_m: np.ndarray
    defects_m: np.ndarray
    defects_h: np.ndarray
    caught_m: np.ndarray
    caught_h: np.ndarray
    false_m: np.ndarray
    false_h: np.ndarray
    audited_m: np.ndarray
    audited_h: np.ndarray
    found_m: np.ndarray
    found_h: np.ndarray
    verdicts: np.ndarray
    """In shadow: defects and good parts by verdicts, ``(..., 2, 4)``: neither, human only, model only, both."""
    settled: np.ndarray
    """In shadow: disagreements that the auditor settled, ``(..., 2, 2)``: defects and false rejects by whose mistake
    they were, people's or the model's."""


def usual_day(
    rates: Rates,
    parts: int,
    defect_rate: float,
    share: np.ndarray,
    audit: tuple[float | np.ndarray, float | np.ndarray],
    rng: np.random.Generator,
) -> Day:
    """Model and people have each their share; ``audit`` holds the rates at which passed parts are audited."""
    parts_m = rng.binomial(parts, share)
    arms: dict[str, np.ndarray] = {}
    for arm, count, finds, false, rate, after in (
        ("m", parts_m, rates.model, rates.model_false, audit[0], rates.audit_after_model),
        ("h", parts - parts_m, rates.human, rates.human_false, audit[1], rates.audit_after_human),
    ):
        defects = rng.binomial(count, defect_rate)
        caught = rng.binomial(defects, finds)
        wrong = rng.binomial(count - defects, false)
        bad = rng.binomial(defects - caught, rate)
        good = rng.binomial(count - defects - wrong, rate)
        arms |= {
            f"defects_{arm}": defects,
            f"caught_{arm}": caught,
            f"false_{arm}": wrong,
            f"audited_{arm}": bad + good,
            f"found_{arm}": rng.binomial(bad, after),
        }
    nothing = np.zeros((*parts_m.shape, 2), dtype=np.int64)
    return Day(
        parts_m=parts_m,
        **arms,
        verdicts=np.zeros((*nothing.shape, 4), dtype=np.int64),
        settled=np.stack([nothing, nothing], axis=-1),
    )


def shadow_day(
    rates: Rates, parts: int, defect_rate: float, runs: int, rng: np.random.Generator, *, settle: bool
) -> Day:
    """People decide on every part, the model judges every part, and the auditor looks at disagreements if told to."""
    defects = rng.binomial(parts, defect_rate, runs)
    m, h, both = rates.model, rates.human, rates.both
    chance = np.clip([1 - m - h + both, h - both, m - both, both], 0, 1)
    cells = rng.multinomial(defects, chance / chance.sum())
    f, g = rates.model_false, rates.human_false
    good = rng.multinomial(parts - defects, [(1 - f) * (1 - g), (1 - f) * g, f * (1 - g), f * g])
    human_only, model_only = cells[:, 1], cells[:, 2]
    nothing = np.zeros(runs, dtype=np.int64)
    # The model alone found a defect: a miss of people, if the auditor confirms it; it is then taken out.
    theirs = rng.binomial(model_only, rates.third_model) if settle else nothing
    its = rng.binomial(human_only, rates.third_human) if settle else nothing
    misses = np.stack([theirs, its], axis=-1)
    false = np.stack([good[:, 1], good[:, 2]], axis=-1) if settle else np.zeros_like(misses)
    return Day(
        parts_m=nothing,
        defects_m=nothing,
        defects_h=defects,
        caught_m=nothing,
        caught_h=human_only + cells[:, 3],
        false_m=nothing,
        false_h=good[:, 1] + good[:, 3],
        audited_m=nothing,
        audited_h=(human_only + model_only + good[:, 1] + good[:, 2]) if settle else nothing,
        found_m=nothing,
        found_h=theirs,
        verdicts=np.stack([cells, good], axis=-2),
        settled=np.stack([misses, false], axis=-2),
    )


def stacked(days: list[Day]) -> Day:
    """Days as one, ``(days, runs)``."""
    return Day(**{item.name: np.stack([getattr(day, item.name) for day in days]) for item in fields(Day)})
