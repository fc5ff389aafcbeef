"""The loop over events: patients call, arrive, are taken or refused, and leave; hospitals report."""

from __future__ import annotations

import math

import numpy as np

from coursekit.compiling import compiled

NO_BED, NO_SPECIALIST = 0, 1
CALLS, REPORTS, MOVING, REFUSALS = 0, 1, 2, 3  # positions in the array of counters
_SHIFT = 720.0  # minutes
_LOG_QUARTER = -math.log(0.25)


@compiled
def stay_hours(shape: int, mean: float, spread: float, exponential: float, normal: float) -> float:
    """Length of stay in hours from one standard exponential and one standard normal number."""
    if shape == 0:
        return mean * exponential
    if shape == 1:
        return mean * math.exp(spread * normal - 0.5 * spread * spread)
    if shape == 2:
        return mean
    if shape == 3:
        return max(0.0, mean * (1.0 + spread * normal))
    part = 2.5 * mean if exponential > _LOG_QUARTER else 0.5 * mean  # P(E > -log p) = p
    return part * math.exp(spread * normal - 0.5 * spread * spread)


@compiled
def _push(heap: np.ndarray, row: int, n: int, value: float) -> None:
    """Put a value into the binary heap of n values in this row; the smallest stays at 0."""
    place = n
    while place > 0:
        parent = (place - 1) >> 1
        if heap[row, parent] <= value:
            break
        heap[row, place] = heap[row, parent]
        place = parent
    heap[row, place] = value


@compiled
def _pop(heap: np.ndarray, row: int, n: int) -> None:
    """Take the smallest of n values out of this row's heap."""
    last = heap[row, n - 1]
    place = 0
    while True:
        child = 2 * place + 1
        if child >= n - 1:
            break
        if child + 1 < n - 1 and heap[row, child + 1] < heap[row, child]:
            child += 1
        if heap[row, child] >= last:
            break
        heap[row, place] = heap[row, child]
        place = child
    heap[row, place] = last


@compiled
def _push_moving(when: np.ndarray, who: np.ndarray, n: int, minute: float, patient: int) -> None:
    place = n
    while place > 0:
        parent = (place - 1) >> 1
        if when[parent] < minute or (when[parent] == minute and who[parent] < patient):
            break
        when[place], who[place] = when[parent], who[parent]
        place = parent
    when[place], who[place] = minute, patient


@compiled
def _pop_moving(when: np.ndarray, who: np.ndarray, n: int) -> None:
    minute, patient = when[n - 1], who[n - 1]
    place = 0
    while True:
        child = 2 * place + 1
        if child >= n - 1:
            break
        if child + 1 < n - 1 and (
            when[child + 1] < when[child] or (when[child + 1] == when[child] and who[child + 1] < who[child])
        ):
            child += 1
        if when[child] > minute or (when[child] == minute and who[child] > patient):
            break
        when[place], who[place] = when[child], who[child]
        place = child
    when[place], who[place] = minute, patient


@compiled
def _present(heap: np.ndarray, count: np.ndarray, hospital: int, now: float) -> int:
    """Patients in a hospital, after those whose time has come have left."""
    n = count[hospital]
    while n > 0 and heap[hospital, 0] <= now:
        _pop(heap, hospital, n)
        n -= 1
    count[hospital] = n
    return n


@compiled
def _free_then(heap: np.ndarray, hospital: int, n: int, beds: int, then: float) -> bool:
    """Whether a bed is free at a later moment if nobody comes until then."""
    staying = 0
    for k in range(n):
        if heap[hospital, k] > then:
            staying += 1
    return staying < beds


@compiled
def _capacity(rooms: tuple, hospital: int, now: float) -> int:
    _, _, beds, _, lent, lent_from, _, _, _ = rooms
    return beds[hospital] + (lent[hospital] if now >= lent_from else 0)


@compiled
def _on_duty(rooms: tuple, hospital: int, specialty: int, now: float) -> bool:
    duty, first_shift = rooms[6], rooms[7]
    shift = min(max(int((now - first_shift) // _SHIFT), 0), duty.shape[2] - 1)
    return duty[hospital, specialty, shift]


@compiled
def _choose(
    rooms: tuple, patients: tuple, state: tuple, ways: tuple, patient: int, from_x: float, from_y: float, now: float
) -> tuple:
    """The hospital an ambulance turns to next, and the minutes of the way there."""
    x, y = rooms[0], rooms[1]
    specialty = patients[4][patient]
    count, heap, tried = state[0], state[1], state[8]
    minutes_per_km, extra, factor, clairvoyant = ways
    best, best_cost, best_minutes = -1, np.inf, 0.0
    for hospital in range(x.size):
        if (tried[patient] >> np.uint64(hospital)) & np.uint64(1):
            continue
        minutes = minutes_per_km * math.hypot(x[hospital] - from_x, y[hospital] - from_y)
        cost = (minutes + extra[hospital]) * factor[hospital, specialty]
        if clairvoyant:
            then = now + minutes
            taken = _free_then(heap, hospital, count[hospital], _capacity(rooms, hospital, then), then)
            if not (taken and _on_duty(rooms, hospital, specialty, then)):
                cost += 1e6
        if cost < best_cost:
            best, best_cost, best_minutes = hospital, cost, minutes
    return best, best_minutes


@compiled
def advance(rooms: tuple, patients: tuple, reports: tuple, state: tuple, ways: tuple, tries: int, until: float) -> None:
    """Let everything happen up to a moment; the state remembers where to go on."""
    x, y, beds, overflow, _, _, _, _, stay = rooms
    called, home, from_x, from_y, specialty, exponential, normal = patients
    report_minute, report_hospital = reports
    count, heap, counters, moving_when, moving_who, where, arrived, departed, tried, n_tried = state[:10]
    target, reported, refused_patient, refused_hospital, refused_minute, refused_reason = state[10:]
    refusal_minutes = rooms[8][0, 3]
    while True:
        i, r, moving = counters[CALLS], counters[REPORTS], counters[MOVING]
        call = called[i] if i < called.size else np.inf
        report = report_minute[r] if r < report_minute.size else np.inf
        move = moving_when[0] if moving > 0 else np.inf
        now = min(call, report, move)
        if now > until or now == np.inf:
            break
        if report == now:
            hospital = report_hospital[r]
            reported[r] = beds[hospital] - _present(heap, count, hospital, now)
            counters[REPORTS] = r + 1
            continue
        if move == now:
            patient = moving_who[0]
            _pop_moving(moving_when, moving_who, moving)
            counters[MOVING] = moving - 1
            hospital = target[patient]
            room = _capacity(rooms, hospital, now)
            fit = _on_duty(rooms, hospital, specialty[patient], now)
        else:
            patient = i
            counters[CALLS] = i + 1
            hospital = home[i]
            if hospital < 0:
                hospital, minutes = _choose(rooms, patients, state, ways, i, from_x[i], from_y[i], now)
                target[i] = hospital
                _push_moving(moving_when, moving_who, moving, now + minutes, i)
                counters[MOVING] = moving + 1
                continue
            room = _capacity(rooms, hospital, now) + overflow[hospital]
            fit = True
        n = _present(heap, count, hospital, now)
        n_tried[patient] += 1
        if n < room and fit:
            leaves = now + 60.0 * stay_hours(
                int(stay[hospital, 0]), stay[hospital, 1], stay[hospital, 2], exponential[patient], normal[patient]
            )
            _push(heap, hospital, n, leaves)
            count[hospital] = n + 1
            where[patient], arrived[patient], departed[patient] = hospital, now, leaves
            continue
        k = counters[REFUSALS]
        refused_patient[k], refused_hospital[k], refused_minute[k] = patient, hospital, now
        refused_reason[k] = NO_BED if fit else NO_SPECIALIST
        counters[REFUSALS] = k + 1
        if home[patient] >= 0:
            continue
        tried[patient] |= np.uint64(1) << np.uint64(hospital)
        if n_tried[patient] < tries:
            start = now + refusal_minutes
            following, minutes = _choose(rooms, patients, state, ways, patient, x[hospital], y[hospital], start)
            target[patient] = following
            _push_moving(moving_when, moving_who, counters[MOVING], start + minutes, patient)
            counters[MOVING] += 1
