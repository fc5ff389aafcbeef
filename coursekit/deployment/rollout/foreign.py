"""Other tools' rollout files as a plan, a test and guardrails of ours."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from coursekit.deployment.rollout.evidence import Evidence, Guardrail
from coursekit.deployment.rollout.plan import RampPlan


class PlanFileError(ValueError):
    """A rollout file that cannot be read or uses what is not modelled; the message names file and field."""


@dataclass(frozen=True)
class ForeignPlan:
    """What a file of Argo Rollouts, Flagger or Kayenta asks for, in our terms.

    Examples
    --------
    >>> from coursekit.deployment.rollout import ConditionalEProcess
    >>> ForeignPlan("argo", "web", RampPlan([0.2]), ConditionalEProcess(), (Guardrail("errors"),)).tool
    'argo'
    """

    tool: str
    """"argo", "flagger" or "kayenta"."""
    name: str
    """Name of the resource in the file."""
    plan: RampPlan | None
    """Weights and lengths; None if the file has none."""
    evidence: Evidence
    """The rule that rolls back."""
    guardrails: tuple[Guardrail, ...]
    """What is watched, in the rule's order."""


def read_plan(path: str | Path) -> ForeignPlan:
    """Read a rollout file of another tool, told apart by its content."""
    raise PlanFileError(f"{path}: not yet")
