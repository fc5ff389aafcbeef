"""Who pays, where, and how the calendar moves them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coursekit.cases.fraud.drift import Drift
from coursekit.cases.fraud.world import CATEGORIES, COUNTRIES, ONLINE_CATEGORIES

_ABROAD = np.array([0.0, 0.30, 0.14, 0.14, 0.18, 0.12, 0.06, 0.06])  # where travellers go
_WEEKDAY_ONLINE = np.array([1.04, 1.0, 0.98, 0.98, 0.96, 0.98, 1.06])  # Monday first
_WEEKDAY_OFFLINE = np.array([0.88, 0.90, 0.94, 0.98, 1.14, 1.22, 0.94])
_HOURS_ONLINE = [14, 8, 5, 3, 2, 2, 4, 8, 16, 24, 30, 32, 34, 32, 30, 30, 30, 32, 36, 44, 52, 58, 50, 30]
_HOURS_OFFLINE = [4, 2, 1, 1, 1, 2, 8, 22, 34, 28, 30, 48, 70, 54, 38, 38, 42, 56, 76, 70, 50, 34, 20, 10]
_ONLINE_WEIGHTS = np.array([0.40, 0.24, 0.16, 0.07, 0.06, 0.07])
_OFFLINE_WEIGHTS = np.array([0.26, 0.32, 0.16, 0.06, 0.10, 0.10])
CATEGORY_FACTOR = np.array([1.0, 0.8, 0.55, 1.9, 1.1, 1.7, 1.1, 0.9, 0.35, 1.6, 1.8, 0.9])
"""Amounts of a category, as a multiple of the customer's usual amount."""


@dataclass(frozen=True, eq=False)
class Merchants:
    """Merchants in blocks: online first, then the shops of each country."""

    country: np.ndarray
    category: np.ndarray
    n_online: int
    block: np.ndarray
    """Shops of country k are block[k] to block[k + 1] - 1."""

    @classmethod
    def drawn(cls, n: int, seed: int) -> Merchants:
        online = max(1, int(0.3 * n))
        abroad = max(1, int(0.08 * n) // (len(COUNTRIES) - 1))
        home = n - online - abroad * (len(COUNTRIES) - 1)
        block = np.concatenate([[online, online + home], online + home + abroad * np.arange(1, len(COUNTRIES))])
        rng = np.random.default_rng([seed, 11])
        country = np.repeat(np.arange(len(COUNTRIES)), np.diff(block))
        elsewhere = np.where(rng.random(online) < 0.12, rng.choice(len(COUNTRIES), online, p=_ABROAD), 0)
        kinds = rng.choice(ONLINE_CATEGORIES, online, p=_ONLINE_WEIGHTS)
        shops = ONLINE_CATEGORIES + rng.choice(len(CATEGORIES) - ONLINE_CATEGORIES, n - online, p=_OFFLINE_WEIGHTS)
        return cls(
            np.concatenate([elsewhere, country]).astype(np.int8),
            np.concatenate([kinds, shops]).astype(np.int8),
            online,
            block.astype(np.int64),
        )


@dataclass(frozen=True, eq=False)
class Customers:
    """Customers with their habits before any drift; the first n are the same however many follow."""

    home: np.ndarray
    usual_amount: np.ndarray
    online_rate: np.ndarray
    offline_rate: np.ndarray

    @classmethod
    def drawn(cls, n: int, seed: int) -> Customers:
        """Habits such that the seed's label rules flag what they flag in the course's text.

        Online purchases a month are gamma with shape 1.5 and mean 25, and 1.5% of customers never
        buy online: with amounts of this spread the month's spend triples by chance for 2%.
        """
        place, money, habit, shops = (np.random.default_rng([seed, k]) for k in (21, 22, 23, 24))
        chosen, where = place.random((n, 2)).T
        elsewhere = np.searchsorted(np.cumsum(_ABROAD), where, side="right").clip(1, len(COUNTRIES) - 1)
        first, second, angle, averse = habit.random((n, 4)).T
        gamma = -np.log1p(-first) - np.log1p(-second) * np.cos(0.5 * np.pi * angle) ** 2  # shape 1 + shape 1/2
        online = np.where(averse < 0.015, 0.0, gamma / 1.5 * 25 / 30.4)
        offline = -np.log1p(-shops.random((n, 3))).sum(axis=1) / 3 * 33 / 30.4
        return cls(
            np.where(chosen < 0.02, elsewhere, 0).astype(np.int8),
            22_000 * np.exp(0.5 * money.standard_normal(n)),
            np.minimum(online, 6.0),
            np.minimum(offline, 6.0),
        )


def hour_quantiles(online: bool, points: int = 512) -> np.ndarray:
    """Second of the day below which each 1/points of the purchases lies, shape (points + 1,)."""
    weights = np.array(_HOURS_ONLINE if online else _HOURS_OFFLINE, dtype=float)
    cumulative = np.concatenate([[0], np.cumsum(weights)]) / weights.sum()
    return np.interp(np.linspace(0, 1, points + 1), cumulative, np.arange(25) * 3600.0)


@dataclass(frozen=True, eq=False)
class Calendar:
    """What each day does to everybody, all arrays of shape (days,)."""

    online: np.ndarray
    """Online purchases, times the usual."""
    offline: np.ndarray
    amount: np.ndarray
    travel: np.ndarray
    tactics: np.ndarray
    """0: frauds look like frauds; 1: they look like customers."""
    remote: np.ndarray
    """How far fraud has moved online, 0 to 1."""

    @classmethod
    def of(cls, dates: np.ndarray, drifts: tuple[Drift, ...]) -> Calendar:
        weekday = (dates.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday
        year_day = (dates - dates.astype("datetime64[Y]").astype("datetime64[D]")).astype(np.int64)
        december = np.exp(-0.5 * ((year_day - 352) / 9.0) ** 2)
        summer = np.exp(-0.5 * ((year_day - 212) / 20.0) ** 2)
        online = _WEEKDAY_ONLINE[weekday] * (1 + 0.10 * december)
        offline = _WEEKDAY_OFFLINE[weekday] * (1 + 0.08 * december)
        amount, travel = 1 + 0.05 * december, 1 + 0.6 * summer + 0.3 * december
        tactics, remote = np.zeros(len(dates)), np.zeros(len(dates))
        for drift in drifts:
            if drift.kind == "vanishing_feature":  # the feed breaks, not the world
                continue
            now, size = drift.strength(dates), float(drift.magnitude or 1)
            if drift.kind == "gradual":
                amount = amount * (1 + 0.25 * size * now)
                tactics = 1 - (1 - tactics) * (1 - np.minimum(1, size * now))
            elif drift.kind == "seasonal":
                online = online * (1 + 0.6 * size * now)
                offline = offline * (1 + 0.2 * size * now)
                amount = amount * (1 + 0.25 * size * now)
                travel = travel * (1 + 1.0 * size * now)
            else:  # covid
                online = online * (1 + (size - 1) * now)
                offline = offline * (1 - 0.45 * now)
                travel = travel * (1 - 0.95 * now)
                tactics = 1 - (1 - tactics) * (1 - 0.5 * now)
                remote = np.maximum(remote, now)
        return cls(online, offline, amount, travel, tactics, remote)
