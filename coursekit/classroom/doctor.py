"""What of the grader's machinery works on this machine, and how to get what does not."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import pandas as pd
import plotly.graph_objects as go

STATES = {"usable": "사용 가능", "limited": "제한적", "missing": "없음"}
"""Every state, with its Korean name."""

_ENGINES = ("engine fork", "engine kernel")
_NEEDED = ("sandbox", *_ENGINES)


@dataclass(frozen=True)
class Finding:
    """One thing that was examined.

    Examples
    --------
    >>> Finding("Dask", "missing", "needed for --scheduler alone", "pip install 'coursekit[cluster]'").state
    'missing'
    """

    what: str
    """What was examined."""
    state: str
    """``usable``, ``limited`` or ``missing``."""
    detail: str
    """What was found."""
    remedy: str
    """How to get it, as a command where there is one; empty if nothing is needed."""


@dataclass(frozen=True)
class DoctorReport:
    """What of the grader's machinery works on this machine.

    The difference between "bubblewrap is installed" and "a cell ran inside its sandbox" is a
    forbidden system call, and it shows in the middle of a night's grading. So what grading needs
    is tried, not looked up.

    Examples
    --------
    >>> report = DoctorReport((Finding("engine fork", "limited", "runs a cell, but only without isolation", ""),))
    >>> report.isolates
    False
    """

    findings: tuple[Finding, ...]
    """One entry per thing examined, what grading stands on first."""

    @property
    def isolates(self) -> bool:
        """Whether submissions can be isolated: an engine was seen to run a cell inside the sandbox."""
        return any(one.what in _ENGINES and one.state == "usable" for one in self.findings)

    def to_frame(self) -> pd.DataFrame:
        """One row per thing examined."""
        return pd.DataFrame([asdict(one) for one in self.findings], columns=["what", "state", "detail", "remedy"])

    def plot(self) -> go.Figure:
        """A bar for each thing examined, by state, with what was found."""
        figure = go.Figure(
            layout={
                "title": "이 컴퓨터의 채점 준비 상태",
                "xaxis": {"visible": False, "range": [0, 1]},
                "yaxis": {"autorange": "reversed", "categoryarray": [one.what for one in self.findings]},
                "barmode": "overlay",
                "bargap": 0.2,
            }
        )
        for state, label in STATES.items():
            chosen = [one for one in self.findings if one.state == state]
            if chosen:
                figure.add_bar(
                    x=[1] * len(chosen),
                    y=[one.what for one in chosen],
                    orientation="h",
                    name=label,
                    text=[one.detail for one in chosen],
                    hovertext=[one.remedy or one.detail for one in chosen],
                    textposition="inside",
                    insidetextanchor="start",
                )
        return figure


def examine() -> DoctorReport:
    """Examine this machine: sandbox, engines, memory, disk, clock, databases, cluster, fonts, browser.

    Machines differ in more ways than an installation guide can list. Here a sandbox is built and a
    cell is run in it by each engine; the rest is looked up. Whatever goes wrong on the way is a
    finding too. It takes some seconds and asks no network.

    Examples
    --------
    >>> report = examine()
    >>> report.findings[0].what, report.findings[0].state in STATES
    ('sandbox', True)
    """
    from coursekit.classroom import _examinations

    findings = []
    for what, look in _examinations.EXAMINATIONS.items():
        try:
            state, detail, remedy = look()
        except Exception as error:  # an odd machine is what the doctor is for
            state = "missing" if what in _NEEDED else "limited"  # what was not seen to work does not count
            detail, remedy = f"could not be examined ({type(error).__name__}: {error})", ""
        findings.append(Finding(what, state, detail, remedy))
    return DoctorReport(tuple(findings))
