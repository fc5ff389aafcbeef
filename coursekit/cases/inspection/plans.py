"""Plans side by side: what ships, what shows, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from coursekit.cases.inspection.line import FactoryLine
from coursekit.cases.inspection.line_report import LineReport
from coursekit.deployment.rollout.plan import RampPlan
from coursekit.short_repr import ShortRepr

Plan = str | float | RampPlan | Sequence[str | float]


@dataclass(frozen=True, eq=False, repr=False)
class PlanComparison(ShortRepr):
    """The same line under several plans."""

    reports: Mapping[str, LineReport]
    """What happened under each, by its name."""

    def to_frame(self) -> pd.DataFrame:
        """One row a plan: bad parts shipped, recalls as seen, estimated and true, parts that people saw, cost."""
        rows = {}
        for name, report in self.reports.items():
            estimate = report.estimated_recall
            rows[name] = {
                "shipped": int(report.shipped.sum()),
                "apparent_recall": report.apparent_recall,
                "estimated_recall": estimate.estimate,
                "low": estimate.low,
                "high": estimate.high,
                "true_recall": report.true_recall,
                "seen_by_humans": int(report.seen_by_humans.sum()),
                "cost": float(report.cost.sum()),
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("plan")

    def plot(self) -> go.Figure:
        """Bad parts that shipped under each plan, by who had passed them."""
        figure = go.Figure()
        model = [int(report.shipped_by_model.sum()) for report in self.reports.values()]
        human = [int(report.shipped.sum()) - count for report, count in zip(self.reports.values(), model, strict=True)]
        for name, counts in (("사람이 통과시킨 불량", human), ("모델이 통과시킨 불량", model)):
            figure.add_bar(y=list(self.reports), x=counts, name=name, orientation="h")
        days = max((len(report.share) for report in self.reports.values()), default=0)
        figure.update_layout(title=f"계획에 따라 {days}일 동안 내보낸 불량", barmode="stack")
        figure.update_xaxes(title="개")
        figure.update_yaxes(autorange="reversed")
        return figure


def compare_plans(
    line: FactoryLine, plans: Mapping[str, tuple[Plan, float]], *, days: int = 30, seed: int = 0
) -> PlanComparison:
    """Play several plans at one line, each with its own audit rate.

    Skipping a step saves the people's time of that step, and nobody notices the price: without an audit the
    model looks perfect under every plan. Side by side the price shows.

    Parameters
    ----------
    line
        The line.
    plans
        Stage, share, list of either or ramp, and the share of the model's passed parts that is audited, by name.
    days
        Days played.
    seed
        Seed of the chance in it; each plan has its own stream.

    Raises
    ------
    ValueError
        If there is no plan, or one makes no sense.

    Examples
    --------
    >>> plans = {"people": ("human", 0.0), "all at once": (1.0, 0.0), "audited canary": ("canary", 0.2)}
    >>> compare_plans(FactoryLine(), plans).to_frame()["shipped"].tolist()
    [292, 2452, 387]
    """
    if not plans:
        raise ValueError("compare_plans: plans is empty; give at least one")
    seeds = np.random.SeedSequence(seed).generate_state(len(plans))
    return PlanComparison(
        {
            name: line.run(plan, days=days, audit_rate=rate, seed=int(own))
            for (name, (plan, rate)), own in zip(plans.items(), seeds, strict=True)
        }
    )
