"""The loop of a live rollout: a minute's counts from the router in, the next weight out."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pandas as pd

from coursekit._number_checks import check_number, check_whole
from coursekit.deployment.rollout import BASELINE, CANDIDATE, REASONS, Guardrail, Minute, Rollout, RolloutController
from coursekit.deployment.serving.router import ARMS, LOG_COLUMNS
from coursekit.short_repr import ShortRepr
from coursekit.writing import write_together

BAD = Guardrail("bad")
"""What a live rollout watches: answers with a status of 500 or above, or later than the router's limit."""


@dataclass(frozen=True, eq=False, repr=False)
class LiveMinute(ShortRepr):
    """One minute of a live rollout, as it is shown while it runs."""

    number: int
    """Which minute, from 1."""
    weight: float
    """Share of the users that saw the candidate in it."""
    requests: np.ndarray
    """Requests of baseline and candidate, ``(2,)``."""
    bad: np.ndarray
    """Bad answers of baseline and candidate, ``(2,)``."""
    strength: float
    """Share of the evidence needed to roll back."""
    verdict: str
    """Verdict so far; empty while there is none."""
    next_weight: float
    """Share from now on."""


@dataclass(frozen=True, eq=False, repr=False)
class LiveRollout(ShortRepr):
    """A rollout that happened, with every request of it."""

    rollout: Rollout
    """Minutes up to the verdict; the harm is estimated with the baseline's rate, since the truth is unknown."""
    log: pd.DataFrame
    """One row a request: time, user, arm, weight, error, latency_ms, instance, status, retried."""

    def to_frame(self) -> pd.DataFrame:
        """One row a minute."""
        return self.rollout.to_frame()

    def plot(self) -> Any:
        """Rates of both arms, the weight, and the evidence on its way to the limit."""
        return self.rollout.plot()

    def save(self, path: str | Path) -> Path:
        """Write the log as Parquet for :func:`~coursekit.deployment.rollout.replay`: while both arms had users."""
        target = Path(path)
        rows = self.log[self.log["weight"].between(0, 1, inclusive="neither")]
        write_together({target: lambda file: rows.to_parquet(file, index=False)})
        return target


async def conduct(
    router: str,
    *,
    controller: RolloutController,
    minute_s: float = 60.0,
    minutes: int | None = None,
    after: int = 0,
    on_minute: Callable[[LiveMinute], Awaitable[None]] | None = None,
    at_end: Callable[[], Awaitable[None]] | None = None,
) -> LiveRollout:
    """Run a rollout on a live router until its verdict.

    The controller is the one that was simulated and audited; here it gets counts of real requests. At the end of
    a minute the router closes its log at the present weight and waits for the answers that are still out, so
    that every request counts at the weight at which it was routed. The few requests between that and a new
    weight stay in the log and are left out of the evidence; which ones they are does not depend on their outcome.

    Parameters
    ----------
    router
        Address of a :func:`router_app`.
    controller
        Decides; must watch one rollout and one guardrail, :data:`BAD`.
    minute_s
        Seconds in what the plan calls a minute.
    minutes
        Ends the rollout as inconclusive after so many; by default the plan's patience does.
    after
        Minutes to watch on after the verdict.
    on_minute
        Awaited after each minute.
    at_end
        Awaited before the last of the log is fetched; a load that ends here is logged to its last request.

    Raises
    ------
    ValueError
        If the controller watches more than one rollout or guardrail or has its verdict, or a number makes no sense.

    Examples
    --------
    >>> from coursekit.deployment.rollout import RampPlan
    >>> from coursekit.deployment.serving import ServerProcess
    >>> with ServerProcess("coursekit.deployment.serving:shouting_app", options={"name": "v1"}) as model:
    ...     urls = {"baseline": [model.url], "candidate": [model.url], "salt": "example"}
    ...     with ServerProcess("coursekit.deployment.serving:router_app", options=urls) as router:
    ...         controller = RolloutController(RampPlan([0.5], minutes_per_step=2))
    ...         live = asyncio.run(conduct(router.url, controller=controller, minute_s=0.1))
    >>> live.rollout.verdict, live.rollout.minutes
    ('NO_DATA', 2)
    """
    if controller.verdict.size != 1 or len(controller.guardrails) != 1:
        raise ValueError("conduct: the controller must watch one rollout and one guardrail")
    if not controller.running[0]:
        raise ValueError(f"conduct: the controller has its verdict, {controller.verdict[0]}; make another")
    minute_s = check_number("conduct", "minute_s", minute_s, above=True)
    most = controller.plan.longest if minutes is None else check_whole("conduct", "minutes", minutes, low=1)
    after = check_whole("conduct", "after", after)
    log: list[list[Any]] = []
    kept: list[LiveMinute] = []
    cut_short, left = False, after
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:

        async def put(weight: float) -> list[list[Any]]:
            answer = await client.put(f"{router}/weights", json={"candidate": weight})
            answer.raise_for_status()
            rows = answer.json()["log"]
            log.extend(rows)
            return rows

        try:
            weight = float(controller.weight[0])
            await put(weight)
            due = time.perf_counter()
            for number in range(1, most + after + 1):
                due += minute_s
                await asyncio.sleep(max(due - time.perf_counter(), 0))
                over = cut_short or not controller.running[0]
                minute = _counted(await put(weight), weight)
                if not over:
                    controller.update(minute)
                    cut_short = bool(controller.running[0]) and number == most
                following = 0.0 if cut_short else float(controller.weight[0])
                if following != weight:
                    await put(following)
                verdict = "INCONCLUSIVE" if cut_short else str(controller.verdict[0])
                strength = float(controller.strength[0, 0])
                seen = LiveMinute(number, weight, minute.requests[0], minute.bad[0, 0], strength, verdict, following)
                kept += [] if over else [seen]
                weight = following
                if on_minute is not None:
                    await on_minute(seen)
                if over:
                    left -= 1
                if verdict and not left:
                    break
        except BaseException:
            # Nobody decides any more: what is not promoted does not stay.
            left_at = 1.0 if controller.verdict[0] == "PASS" else 0.0
            with contextlib.suppress(Exception):
                await client.put(f"{router}/weights", json={"candidate": left_at}, timeout=5)
            raise
        if at_end is not None:
            await at_end()
        await put(weight)
    return LiveRollout(_rollout(kept, controller), pd.DataFrame(log, columns=list(LOG_COLUMNS)).pipe(_typed))


def _counted(rows: Sequence[Sequence[Any]], weight: float) -> Minute:
    frame = pd.DataFrame(rows, columns=list(LOG_COLUMNS))
    arm, bad = frame["arm"].to_numpy(dtype=np.int64), frame["error"].to_numpy(dtype=bool)
    # An answer that another arm gave in its place says nothing about the machine that gave it.
    own = ~frame["retried"].to_numpy(dtype=bool)
    names = sorted(set(zip(arm[own], frame["instance"][own], strict=True)))
    which = {name: i for i, name in enumerate(names)}
    index = np.array([which[key] for key in zip(arm[own], frame["instance"][own], strict=True)], dtype=np.int64)
    return Minute(
        weight=np.array([weight]),
        requests=np.bincount(arm, minlength=2)[None, :],
        bad=np.bincount(arm[bad], minlength=2)[None, None, :],
        instance_requests=np.bincount(index, minlength=len(names))[None, :],
        instance_bad=np.bincount(index[bad[own]], minlength=len(names))[None, None, :],
        instance_arm=np.array([side for side, _ in names], dtype=np.int64),
    )


def _rollout(kept: Sequence[LiveMinute], controller: RolloutController) -> Rollout:
    requests = np.array([minute.requests for minute in kept])
    bad = np.array([minute.bad for minute in kept])
    # Within each minute: over all of them a ramp on a rising baseline would be taken for harm.
    rate = bad[:, BASELINE] / np.maximum(requests[:, BASELINE], 1)
    reason = str(controller.reason[0])
    return Rollout(
        verdict=kept[-1].verdict,
        reason=REASONS[reason] if reason else "the minutes that were given ended before the plan did",
        minutes=len(kept),
        harm=np.array([(bad[:, CANDIDATE] - rate * requests[:, CANDIDATE]).sum()]),
        guardrails=controller.guardrails,
        weight=np.array([minute.weight for minute in kept]),
        requests=requests,
        bad=bad[:, None, :],
        strength=np.array([[minute.strength] for minute in kept]),
        dispersion=controller.dispersion.ratio[0],
    )


def _typed(log: pd.DataFrame) -> pd.DataFrame:
    log = log.sort_values("time", kind="stable", ignore_index=True)
    log["time"] = pd.to_datetime(log["time"], unit="s")
    log["arm"] = [ARMS[side] for side in log["arm"]]
    return log
