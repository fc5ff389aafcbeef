"""What fraudsters do: extra transactions of stolen cards, and merchants whose payments are tapped."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from coursekit.cases.fraud._population import CATEGORY_FACTOR, Calendar, Merchants, hour_quantiles
from coursekit.cases.fraud.world import CATEGORIES, FRAUD_SCENARIOS

STOLEN, COMPROMISED, TAKEOVER, TESTING = (FRAUD_SCENARIOS.index(name) for name in FRAUD_SCENARIOS[1:])
COMPROMISED_SHARE = 0.85
"""Share of a tapped merchant's payments that are fraud."""
_STARTS = {STOLEN: 5.0e-4, TAKEOVER: 8.0e-4, TESTING: 4.0e-4}
"""Cards that fall victim each day, per customer."""
_MERCHANTS_A_DAY = 1.6e-4
"""Merchants that become tapped each day, per merchant."""
_LONGEST = 8  # transactions of one episode
_CASH_OUT = [CATEGORIES.index("electronics"), CATEGORIES.index("gift_card")]
_DIGITAL = CATEGORIES.index("digital")


@dataclass(frozen=True, eq=False)
class FraudRows:
    """Extra transactions, ordered by day."""

    day: np.ndarray
    second: np.ndarray
    customer: np.ndarray
    merchant: np.ndarray
    multiple: np.ndarray
    """Amount as a multiple of the customer's usual amount."""
    code: np.ndarray


@dataclass(frozen=True, eq=False)
class TappedMerchants:
    """Merchants under attack, ordered by first day."""

    first_day: np.ndarray
    merchant: np.ndarray
    days: np.ndarray


def tapped_merchants(merchants: Merchants, calendar: Calendar, seed: int) -> TappedMerchants:
    """Attacks on merchants of the home country and online shops, three to six weeks each."""
    rate = _MERCHANTS_A_DAY * merchants.country.size * (1 - 0.3 * calendar.remote)
    per_day = np.random.default_rng([seed, 41]).poisson(rate)
    who, long = np.random.default_rng([seed, 42]).random((per_day.sum(), 2)).T
    return TappedMerchants(
        np.repeat(np.arange(rate.size), per_day),
        (who * merchants.block[1]).astype(np.int64),
        21 + (long * 22).astype(np.int64),
    )


def fraud_rows(customers: int, merchants: Merchants, calendar: Calendar, seed: int) -> FraudRows:
    """All extra transactions of all cards in the wrong hands."""
    parts = [_episodes(code, customers, merchants, calendar, seed) for code in _STARTS]
    joined = [np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(FraudRows)]
    order = np.argsort(joined[0], kind="stable")
    return FraudRows(*(column[order] for column in joined))


def _episodes(code: int, customers: int, merchants: Merchants, calendar: Calendar, seed: int) -> FraudRows:
    remote = calendar.remote
    more = {STOLEN: 1 - 0.9 * remote, TAKEOVER: 1 + 1.5 * remote, TESTING: 1 + remote}[code]
    per_day = np.random.default_rng([seed, 50 + code]).poisson(_STARTS[code] * customers * more)
    n = int(per_day.sum())
    u = np.random.default_rng([seed, 60 + code]).random((n, _LONGEST, 6))
    z = np.random.default_rng([seed, 70 + code]).standard_normal((n, _LONGEST))
    start = np.repeat(np.arange(remote.size), per_day)
    tactics = calendar.tactics[start][:, None]
    make = {STOLEN: _stolen, TAKEOVER: _takeover, TESTING: _testing}[code]
    count, offset, second, merchant, multiple = make(u, z, tactics, remote[start][:, None], merchants)
    day = start[:, None] + offset
    kept = (np.arange(_LONGEST) < count[:, None]) & (day < remote.size)
    victim = np.broadcast_to((u[:, :1, 0] * customers).astype(np.int64), kept.shape)
    multiple = multiple * CATEGORY_FACTOR[merchants.category[merchant]]
    return FraudRows(
        day[kept],
        np.minimum(second[kept], 86_399).astype(np.int64),
        victim[kept],
        merchant[kept],
        multiple[kept],
        np.full(int(kept.sum()), code),
    )


_Made = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def _stolen(u: np.ndarray, z: np.ndarray, tactics: np.ndarray, remote: np.ndarray, merchants: Merchants) -> _Made:
    """A copied card in shops of one foreign country, within three days; later at home too."""
    count = 2 + (u[:, 1, 0] * 6).astype(np.int64)
    offset = (u[..., 1] * 3).astype(np.int64)
    second = 9 * 3600 + u[..., 2] * 14 * 3600
    land = 1 + (u[:, :1, 3] * (merchants.block.size - 2)).astype(np.int64)
    land = np.where(u[:, 1:2, 3] < 0.6 * tactics, 0, land)
    low, high = merchants.block[land], merchants.block[land + 1]
    merchant = low + (u[..., 4] * (high - low)).astype(np.int64)
    multiple = np.exp((1 - tactics) * np.log(2.5) + (0.5 + 0.2 * (1 - tactics)) * z)
    return count, offset, second, merchant, multiple


def _takeover(u: np.ndarray, z: np.ndarray, tactics: np.ndarray, remote: np.ndarray, merchants: Merchants) -> _Made:
    """Somebody else shops online for a week: goods that sell again, large amounts, at night."""
    count = 2 + (u[:, 1, 0] * 6).astype(np.int64)
    offset = (u[..., 1] * 7).astype(np.int64)
    night = u[..., 3] < 0.55 * (1 - tactics)
    second = np.where(night, u[..., 2] * 6 * 3600, _online_second(u[..., 2]))
    multiple = np.exp(np.log(1 + 3.0 * (1 - tactics)) + 0.6 * z)
    return count, offset, second, _cash_out(u, tactics, remote, merchants), multiple


def _testing(u: np.ndarray, z: np.ndarray, tactics: np.ndarray, remote: np.ndarray, merchants: Merchants) -> _Made:
    """Two or three trials of a few won, minutes apart, then one to three large purchases."""
    trials = 2 + (u[:, :1, 3] < 0.5)
    count = trials[:, 0] + 1 + (u[:, 1, 0] * 3).astype(np.int64)
    position = np.arange(_LONGEST)
    offset = np.zeros(position.size, dtype=np.int64) + np.zeros((len(u), 1), dtype=np.int64)
    second = _online_second(u[:, :1, 2]) * (1 - 0.04) + position * 240 + u[..., 1] * 200
    small = np.exp((1 - tactics) * np.log(0.06) + 0.5 * z)
    large = np.exp(np.log(1 + 4.0 * (1 - tactics)) + 0.5 * z)
    return count, offset, second, _cash_out(u, tactics, remote, merchants), np.where(position < trials, small, large)


def _cash_out(u: np.ndarray, tactics: np.ndarray, remote: np.ndarray, merchants: Merchants) -> np.ndarray:
    """Online shops, those whose goods sell again more often; once fraud has moved online, foreign digital goods."""
    any_shop = (u[..., 4] * merchants.n_online).astype(np.int64)
    sellable = np.flatnonzero(np.isin(merchants.category[: merchants.n_online], _CASH_OUT))
    if not sellable.size:
        return any_shop
    shop = np.where(u[..., 5] < 0.5 * (1 - tactics), sellable[(u[..., 4] * sellable.size).astype(np.int64)], any_shop)
    online = slice(0, merchants.n_online)
    foreign = np.flatnonzero((merchants.country[online] > 0) & (merchants.category[online] == _DIGITAL))
    if not foreign.size:
        return shop
    return np.where(u[..., 5] >= 1 - 0.7 * remote, foreign[(u[..., 4] * foreign.size).astype(np.int64)], shop)


def _online_second(u: np.ndarray) -> np.ndarray:
    quantiles = hour_quantiles(True)
    return np.interp(u, np.linspace(0, 1, quantiles.size), quantiles)
