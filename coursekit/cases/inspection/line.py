"""A line where people and a model share the inspection, day by day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from coursekit._number_checks import as_finite, check_whole, told
from coursekit.cases.inspection._days import Day, Rates, shadow_day, stacked, usual_day
from coursekit.cases.inspection.costs import InspectionCosts
from coursekit.cases.inspection.human import HumanInspector, check_part, steady
from coursekit.cases.inspection.line_report import LineReport
from coursekit.cases.inspection.scores import ModelInspector, ScoreModel
from coursekit.deployment.rollout.plan import RampPlan

STAGES = ("human", "shadow", "canary", "ramp")
"""The four stages of the factory: people; the model beside people; 5% by the model; more and more by the model."""

CANARY = 0.05
"""The model's share in the third stage."""

Arms = Literal["model", "both"]


@dataclass(frozen=True, kw_only=True)
class FactoryLine:
    """A line that ships parts: some bad, inspected by people, a model, or both in shares.

    What reaches the customer is decided by who looks at which part, not by a model's accuracy in a notebook.
    Parts go to the model at random with its share; a rejected part is taken apart, so that a false reject is
    known to be one; of the parts that pass, a random share goes to an auditor, who misses defects too and whose
    finds are confirmed. Nothing else is ever known about what shipped.

    The defaults are the numbers of lecture 1.

    Raises
    ------
    ValueError
        If there are no parts, or the defect rate lies outside [0, 1].

    Examples
    --------
    >>> line = FactoryLine(model=ScoreModel(factory_recall=0.60))
    >>> skipped, canary = line.run(1.0, days=30), line.run("canary", days=30, audit_rate=0.2)
    >>> int(skipped.shipped.sum()), int(canary.shipped.sum())
    (2443, 379)
    >>> skipped.apparent_recall, round(canary.estimated_recall.estimate, 2)
    (1.0, 0.59)
    """

    parts: int = 10_000
    """Parts a day."""
    defect_rate: float = 0.02
    """Share of them that is bad."""
    human: HumanInspector = field(default_factory=lambda: steady(0.95))
    """People at the line."""
    model: ModelInspector = field(default_factory=ScoreModel)
    """The model, as it works in the factory."""
    auditor: HumanInspector = field(default_factory=lambda: steady(0.95))
    """Whoever looks again: few parts and time for each, so by default rested and good at faint defects too."""
    costs: InspectionCosts = field(default_factory=InspectionCosts)
    """Prices."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", check_whole("FactoryLine", "parts", self.parts, low=1))
        object.__setattr__(self, "defect_rate", check_part("FactoryLine", "defect_rate", self.defect_rate))

    @property
    def rates(self) -> Rates:
        """Probabilities that follow from the inspectors."""
        severity, m = self.model.catches()
        h, a = self.human.recall_of(severity), self.auditor.recall_of(severity)

        def given(chance: np.ndarray) -> float:
            return float(np.mean(a * chance) / np.mean(chance)) if chance.any() else 0.0

        return Rates(
            model=float(m.mean()),
            human=float(h.mean()),
            both=float(np.mean(m * h)),
            audit_after_model=given(1 - m),
            audit_after_human=given(1 - h),
            third_model=given(m * (1 - h)),
            third_human=given((1 - m) * h),
            model_false=self.model.false_reject_rate,
            human_false=self.human.false_reject_rate,
        )

    @property
    def auditor_recall(self) -> float:
        """Recall of the auditor over defects as they come: what a test with prepared parts would show."""
        severity, _ = self.model.catches()
        return float(self.auditor.recall_of(severity).mean())

    def run(
        self,
        plan: str | float | RampPlan | Sequence[str | float],
        *,
        days: int | None = None,
        audit_rate: float = 0.0,
        audited: Arms = "model",
        seed: int = 0,
    ) -> LineReport:
        """Play a plan that nobody changes on the way: a stage, a share of the model, one a day, or a ramp's steps.

        A plan that is shorter than ``days`` keeps its last entry; a ramp's minutes are days.
        """
        shares, shadow = schedule(plan, days=days)
        rates, rng = self.rates, np.random.default_rng(seed)
        rate = check_part("FactoryLine.run", "audit_rate", audit_rate)
        if audited not in ("model", "both"):
            raise ValueError(f"FactoryLine.run: audited must be 'model' or 'both', got {told(audited)}")
        audit = (rate, rate if audited == "both" else 0.0)
        played = [
            shadow_day(rates, self.parts, self.defect_rate, 1, rng, settle=False)
            if beside
            else usual_day(rates, self.parts, self.defect_rate, np.array([share]), audit, rng)
            for share, beside in zip(shares, shadow, strict=True)
        ]
        return self.report(stacked(played), shares, shadow, audit[0])

    def report(self, day: Day, shares: np.ndarray, shadow: np.ndarray, audit_rate: float) -> LineReport:
        """Make a report of the counts of one line, ``(days, 1)``."""
        parts_m, parts_h = day.parts_m[:, 0], self.parts - day.parts_m[:, 0]
        audited = (day.audited_m + day.audited_h)[:, 0]
        shipped_m = (day.defects_m - day.caught_m - day.found_m)[:, 0]
        shipped = shipped_m + (day.defects_h - day.caught_h - day.found_h)[:, 0]
        false_rejects = (day.false_m + day.false_h)[:, 0]
        minutes = (parts_h * self.human.seconds_per_part + audited * self.auditor.seconds_per_part) / 60
        return LineReport(
            share=shares,
            shadow=shadow,
            parts=np.full(len(shares), self.parts),
            by_model=parts_m,
            defects=(day.defects_m + day.defects_h)[:, 0],
            shipped=shipped,
            shipped_by_model=shipped_m,
            false_rejects=false_rejects,
            seen_by_humans=parts_h + audited,
            audited=audited,
            model_defects=day.defects_m[:, 0],
            model_caught=day.caught_m[:, 0],
            audit_found=day.found_m[:, 0],
            cost=self.costs.total(shipped, false_rejects, minutes, audited),
            verdicts=day.verdicts[:, 0],
            audit_rate=audit_rate,
            auditor_recall=self.auditor_recall,
        )


def schedule(
    plan: str | float | RampPlan | Sequence[str | float], *, days: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Turn a plan into the model's share of each day, and whether it only judges in the shadow of people.

    Everything that plays or draws a plan reads it here, so that "canary" means the same everywhere.

    Parameters
    ----------
    plan
        A stage ("human", "shadow" or "canary"), a share from 0 to 1, a list of either with one entry a day, or a ramp.
    days
        Length; the plan's own by default, 30 for a single entry.

    Raises
    ------
    ValueError
        If an entry is no stage and no share, or a ramp is named without its steps.

    Examples
    --------
    >>> shares, shadow = schedule(["human", "shadow", "canary", 0.5], days=5)
    >>> shares.tolist(), shadow.tolist()
    ([0.0, 0.0, 0.05, 0.5, 0.5], [False, True, False, False, False])
    """
    if isinstance(plan, RampPlan):
        entries: list[str | float] = [*plan.schedule(), 1.0] if days else list(plan.schedule())
    elif isinstance(plan, str) or as_finite(plan) is not None:
        entries, days = [plan], 30 if days is None else days  # type: ignore[list-item]
    else:
        entries = list(plan)  # type: ignore[arg-type]
    length = len(entries) if days is None else check_whole("schedule", "days", days, low=1)
    if not entries:
        raise ValueError("schedule: plan is empty; give a stage or a share for at least one day")
    shares = {"human": 0.0, "shadow": 0.0, "canary": CANARY}
    for entry in entries:
        if entry == "ramp":
            raise ValueError("schedule: give the steps of stage 'ramp' as a RampPlan or as daily shares")
        if isinstance(entry, str) and entry not in shares:
            raise ValueError(f"schedule: {told(entry)} is no stage; give one of {', '.join(shares)}, or a share")
    entries = (entries + [entries[-1]] * length)[:length]
    found = [shares[e] if isinstance(e, str) else check_part("schedule", "plan", e) for e in entries]
    return np.array(found), np.array([entry == "shadow" for entry in entries])
