"""A city's emergency rooms, simulated event by event."""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np

from coursekit._number_checks import check_whole
from coursekit.cases.er_beds._demand import drawn
from coursekit.cases.er_beds._replay import Replay
from coursekit.cases.er_beds.bed_log import BedLog
from coursekit.cases.er_beds.changes import planted_changes
from coursekit.cases.er_beds.hospitals import City

_TRIES = 5


def simulate(
    hospitals: City,
    *,
    start: str | datetime.date | np.datetime64 = "2019-03-01",
    days: int = 60,
    scenario: str = "normal",
    seed: int = 0,
) -> BedLog:
    r"""Simulate the emergency rooms of a city: who came, who was refused, what was reported.

    Nobody records the patient who would have been accepted twenty minutes later, so a label for bed
    prediction cannot be checked on real logs. In a world with its truth attached it can. Arrivals vary
    by hour, weekday, holiday and season and more than a Poisson process does; walk-in patients may fill
    corridors, ambulances are refused where no bed is left or the specialist is off duty; reports are
    late and sometimes empty. Ambulances go to the nearest hospital first and try five.

    With constant arrivals, one hospital and no overflow this is the loss system M/G/c/c, whose share of
    lost patients is Erlang's :math:`B(a, c)` whatever the distribution of the stay.

    Parameters
    ----------
    hospitals
        The city, from ``city``, ``single`` or of your own.
    start
        First moment.
    days
        Days to simulate, at least 1; ten days before the start are played to fill the beds.
    scenario
        ``"normal"``, or ``"covid"``: after a third of the days arrivals follow a case curve and wards
        lend beds; ``"covid_arrivals"`` and ``"covid_wards"`` hold one of the two alone.
    seed
        Seed of the world. The same seed gives the same bits, and more days begin with the same patients.

    Raises
    ------
    ValueError
        If the scenario is unknown, the start is no moment, or a number is out of range.

    Examples
    --------
    >>> from coursekit.cases.er_beds import erlang_b, single
    >>> log = simulate(single(beds=10, load=9, mean_stay_hours=5), days=2000, seed=1)
    >>> since = log.called >= 0
    >>> abs(float((log.hospital[since] < 0).mean()) - erlang_b(9, 10)) < 0.01
    True

    References
    ----------
    Erlang (1917). Solution of some problems in the theory of probabilities of significance in automatic
    telephone exchanges.
    Sevastyanov (1957). An ergodic theorem for Markov processes and its application to telephone systems
    with refusals.
    """
    if not isinstance(hospitals, City):
        raise ValueError(f"simulate: hospitals must be a City, such as city() or single(), got {hospitals!r}")
    check_whole("simulate", "days", days, low=1)
    check_whole("simulate", "seed", seed)
    try:
        first: Any = np.datetime64(start).astype("datetime64[s]")
    except (ValueError, TypeError) as error:
        raise ValueError(f"simulate: start must be a moment such as '2019-03-01', got {start!r}") from error
    if np.isnat(first):
        raise ValueError("simulate: start is not a time (NaT)")
    truth = planted_changes(scenario, start=first, days=days)
    demand = drawn(hospitals, start=first, days=days, truth=truth, seed=seed)
    replay = Replay(hospitals, demand, start=first, truth=truth, tries=_TRIES)
    replay.advance(1440.0 * days)
    return BedLog(
        city=hospitals,
        start=first,
        days=days,
        scenario=scenario,
        seed=seed,
        truth=truth,
        known_until=1440.0 * days,
        lent=replay.lent,
        lent_from=replay.lent_from,
        demand=demand,
        **replay.columns(),
    )
