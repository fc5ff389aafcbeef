"""Millions of logged requests as the minutes that a controller takes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from coursekit.deployment.rollout._request_log import RequestLog
from coursekit.deployment.rollout.evidence import CANDIDATE, Minute

_MOST_WEIGHTS = 10
"""More weights than this in a minute are no routing weights."""


@dataclass(frozen=True, eq=False, repr=False)
class RecordedMinutes:
    """Counts of every minute of a log."""

    weight: np.ndarray
    """Recorded weight or, without a record, the candidate's share of the minute's requests, ``(minutes,)``."""
    requests: np.ndarray
    """Requests, or users that were there, of each arm, ``(minutes, 2)``."""
    arrivals: np.ndarray
    """What routing drew: requests, or users in the minute of their first request, ``(minutes, 2)``."""
    bad: np.ndarray
    """Bad requests, or users whose first it was, ``(minutes, metrics, 2)``."""
    instance_requests: np.ndarray | None
    """The same by instance, ``(minutes, instances)``."""
    instance_bad: np.ndarray | None
    """The same by instance, ``(minutes, metrics, instances)``."""
    instance_arm: np.ndarray | None
    """Arm of each instance, ``(instances,)``; a machine that served both is two."""

    def minute(self, at: int) -> Minute:
        """One minute as a controller takes it."""
        known = self.instance_requests is not None and self.instance_bad is not None
        return Minute(
            weight=self.weight[at : at + 1],
            requests=self.requests[at : at + 1],
            bad=self.bad[at : at + 1],
            instance_requests=self.instance_requests[at : at + 1] if known else None,  # type: ignore[index]
            instance_bad=self.instance_bad[at : at + 1] if known else None,  # type: ignore[index]
            instance_arm=self.instance_arm,
        )


def recorded_minutes(log: RequestLog, length: int, longest_gap: int) -> RecordedMinutes:
    """Count a log by minutes of so many microseconds; a gap of more minutes than the longest is an error."""
    at, weight = _positions(log, length, longest_gap)
    size = int(at.max()) + 1
    side = log.candidate.astype(np.int64)
    every = np.ones(at.size, dtype=bool)
    if log.user is None:
        counted, arrived, bad = every, every, log.bad
    else:
        # A sticky user is drawn once: present once a minute, drawn at the first request, bad once in the log.
        order = np.argsort(log.time, kind="stable")
        counted = _first((log.user * size + at) * 2 + side, order, every)
        arrived = _first(log.user, order, every)
        bad = tuple(_first(log.user, order, wrong) for wrong in log.bad)
    requests = _count(at, side, size, 2, counted)
    instances: dict[str, np.ndarray | None] = dict.fromkeys(("instance_requests", "instance_bad", "instance_arm"))
    if log.instance is not None:
        machine, pairs = pd.factorize(log.instance * 2 + side)
        there = every
        if log.user is not None:
            there = _first((log.user * size + at) * len(pairs) + machine, order, every)
        instances = {
            "instance_requests": _count(at, machine, size, len(pairs), there),
            "instance_bad": np.stack([_count(at, machine, size, len(pairs), wrong) for wrong in bad], axis=1),
            "instance_arm": np.asarray(pairs) % 2,
        }
    if weight is None:
        total = requests.sum(axis=1)
        weight = requests[:, CANDIDATE] / np.maximum(total, 1)
    return RecordedMinutes(
        weight=weight,
        requests=requests,
        arrivals=_count(at, side, size, 2, arrived),
        bad=np.stack([_count(at, side, size, 2, wrong) for wrong in bad], axis=1),
        **instances,
    )


def _count(at: np.ndarray, kind: np.ndarray, size: int, kinds: int, which: np.ndarray) -> np.ndarray:
    """How many of the chosen rows each minute has of each kind, ``(size, kinds)``."""
    return np.bincount((at * kinds + kind)[which], minlength=size * kinds).reshape(size, kinds)


def _first(key: np.ndarray, order: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Whether each row is the first of its key in time, among the chosen rows."""
    chosen = order[among[order]]
    first = np.zeros(key.size, dtype=bool)
    first[chosen[~pd.Series(key[chosen]).duplicated().to_numpy()]] = True
    return first


def _positions(log: RequestLog, length: int, longest_gap: int) -> tuple[np.ndarray, np.ndarray | None]:
    """Minute of each row, counted from the log's first, and the recorded weight of each minute.

    A minute in which the weight changes is cut at the change, since evidence must know the weight of each
    request. The smaller piece joins the neighbour of its weight, so that a change does not add a minute.
    """
    clock = log.time // length
    codes, weights = (np.zeros(clock.size, dtype=np.int64), np.zeros(1))
    if log.weight is not None:
        codes, weights = pd.factorize(log.weight)
    ticks, minutes = pd.factorize(clock, sort=True)
    part, cells = pd.factorize(ticks * len(weights) + codes)
    minute, weight = minutes[cells // len(weights)], weights[cells % len(weights)]
    rows = np.bincount(part)
    middle = np.bincount(part, weights=log.time - clock * length) / rows
    order = np.lexsort((middle, minute))
    minute, weight, rows = minute[order], weight[order], rows[order]
    _check_pieces(minute, length)
    joined = _joined(minute, weight, rows)
    # The minute of a piece and what joined it is that of the greater.
    largest = np.lexsort((-rows, joined))
    largest = largest[np.unique(joined[largest], return_index=True)[1]]
    starts, weight = minute[largest], weight[largest]
    steps = np.maximum(np.diff(starts, prepend=starts[0] - 1), 1)
    wide = int(steps.argmax())
    if steps[wide] - 1 > longest_gap:
        before, after = (_told(starts[i] * length) for i in (wide - 1, wide))
        raise ValueError(
            f"replay: no request was logged in the {steps[wide] - 1:,} minutes between {before} and {after}, more than "
            "the plan can last; give the rows of one rollout"
        )
    position = np.cumsum(steps) - 1
    place = np.empty(order.size, dtype=np.int64)
    place[order] = position[joined]
    return place[part], None if log.weight is None else np.repeat(weight, [*steps[1:], 1])


def _check_pieces(minute: np.ndarray, length: int) -> None:
    own, pieces = np.unique(minute, return_counts=True)
    if pieces.max() > _MOST_WEIGHTS:
        raise ValueError(
            f"replay: weight has {pieces.max():,} values in the minute from {_told(own[pieces.argmax()] * length)}; "
            "it must be the share that routing gave the candidate at that moment, the same for every request"
        )


def _joined(minute: np.ndarray, weight: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Number of the minute that each piece belongs to, in the pieces' order."""
    _, own, pieces = np.unique(minute, return_inverse=True, return_counts=True)
    small = (2 * rows < np.bincount(own, weights=rows)[own]) & (pieces[own] > 1)
    same = (weight[1:] == weight[:-1]) & (np.diff(minute) == 1)
    joined = np.zeros(minute.size, dtype=np.int64)
    waiting = False
    for i in range(1, minute.size):
        goes_back = same[i - 1] and (waiting or small[i])
        joined[i] = joined[i - 1] + (not goes_back)
        waiting = not goes_back and bool(small[i])
    return joined


def _told(microseconds: int) -> str:
    return f"{pd.Timestamp(int(microseconds), unit='us'):%Y-%m-%d %H:%M}"
