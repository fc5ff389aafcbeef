"""Where each ambulance went, stop by stop."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coursekit.cases.er_beds.bed_log import BedLog

OUTCOMES = ("call", "refused", "taken")
"""What happens at a stop: the patient is picked up, the door stays closed, the patient is taken in."""


def routes(log: BedLog) -> pd.DataFrame:
    """One row per stop of each ambulance, from the call to the bed.

    A share of refusals is a number; the zigzag of one ambulance across the city at six in the evening
    is what it means. Both come from this table.

    Parameters
    ----------
    log
        A log; transports that called before its start are left out.

    Returns
    -------
    DataFrame
        Columns ``transport`` (position in the log), ``stop`` (0 is the call), ``minute`` since the start,
        ``x_km``, ``y_km``, ``hospital`` (position, -1 at the call) and ``outcome``, one of `OUTCOMES`.
        A transport whose last stop is ``"refused"`` found no bed.

    Examples
    --------
    >>> from coursekit.cases.er_beds import city, simulate
    >>> table = routes(simulate(city(3), days=2, seed=1))
    >>> sorted(table["outcome"].unique())
    ['call', 'refused', 'taken']
    >>> bool((table.groupby("transport")["stop"].max() >= 1).all())
    True
    """
    called = np.flatnonzero(log.ambulance & (log.called >= 0))
    taken = called[log.hospital[called] >= 0]
    turned_away = np.isin(log.refused_patient, called)
    refused = log.refused_patient[turned_away]
    places = np.array([(hospital.x_km, hospital.y_km) for hospital in log.city.hospitals])
    refuser = log.refused_hospital[turned_away]
    pieces = [
        (called, log.called[called], log.demand.x_km[called], log.demand.y_km[called], np.full(called.size, -1), 0),
        (refused, log.refused_minute[turned_away], *places[refuser].T, refuser, 1),
        (taken, log.arrived[taken], *places[log.hospital[taken]].T, log.hospital[taken], 2),
    ]
    names = ("transport", "minute", "x_km", "y_km", "hospital", "kind")
    parts = [pd.DataFrame(dict(zip(names, piece, strict=True))) for piece in pieces]
    table = pd.concat(parts, ignore_index=True).sort_values(["transport", "minute", "kind"], kind="stable")
    stops = table.groupby("transport").cumcount()
    on_the_way = table.groupby("transport")["kind"].transform("max") == 0  # nobody was asked before the end
    table = table.assign(stop=stops, outcome=np.array(OUTCOMES, dtype=object)[table["kind"]])[~on_the_way]
    columns = ["transport", "stop", "minute", "x_km", "y_km", "hospital", "outcome"]
    return table[columns].reset_index(drop=True)
