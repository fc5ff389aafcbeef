"""How many observations a comparison of two proportions needs, in each group."""

from __future__ import annotations

from math import asin, sqrt
from statistics import NormalDist

VARIANTS = ("unpooled", "pooled", "arcsine")


def observations_per_group(
    base: float,
    *,
    difference: float,
    significance: float = 0.05,
    power: float = 0.8,
    variant: str = "unpooled",
) -> float:
    r"""Compute the observations that each of two groups needs for a two-sided test of two proportions.

    An experiment that is too small ends in "no difference" whatever the truth is, and a design document that
    plans it has planned nothing. Books differ in the variance that they put under the null hypothesis; all three
    answers here are right, and lie within a few per cent of each other.

    With :math:`p_1` the base, :math:`p_2 = p_1 + \text{difference}`, :math:`q = 1 - p`,
    :math:`z_\alpha = \Phi^{-1}(1 - \alpha / 2)` and :math:`z_\beta = \Phi^{-1}(\text{power})`:

    - unpooled: :math:`n = (z_\alpha + z_\beta)^2 (p_1 q_1 + p_2 q_2) / (p_1 - p_2)^2`
    - pooled: :math:`n = (z_\alpha \sqrt{2 \bar p \bar q} + z_\beta \sqrt{p_1 q_1 + p_2 q_2})^2 / (p_1 - p_2)^2`
    - arcsine: :math:`n = 2 (z_\alpha + z_\beta)^2 / (2 \arcsin \sqrt{p_1} - 2 \arcsin \sqrt{p_2})^2`

    Parameters
    ----------
    base
        The proportion today, between 0 and 1.
    difference
        What must be noticed, as a difference of proportions; negative for a fall.
    significance
        The chance of an alarm when nothing differs, both sides together.
    power
        The chance to notice the difference when it is there.
    variant
        ``"unpooled"``, ``"pooled"`` or ``"arcsine"``.

    Returns
    -------
    float
        Not rounded; a plan takes the next whole number.

    Raises
    ------
    ValueError
        When a proportion leaves the open interval from 0 to 1, or nothing differs.

    Examples
    --------
    >>> from math import ceil
    >>> ceil(observations_per_group(0.90, difference=0.02)), ceil(observations_per_group(0.90, difference=-0.02))
    (3211, 3839)
    >>> ceil(observations_per_group(0.90, difference=0.02, variant="pooled"))
    3213

    References
    ----------
    Fleiss, Levin & Paik (2003), Statistical Methods for Rates and Proportions, chapter 4.
    Cohen (1988), Statistical Power Analysis for the Behavioral Sciences, chapter 6 (arcsine).
    """
    other = base + difference
    named = {"기준": base, "기준과 차이의 합": other, "유의수준": significance, "검정력": power}
    for name, value in named.items():
        if not 1e-9 < value < 1 - 1e-9:
            raise ValueError(f"{name}은(는) 0과 1 사이여야 하는데 {value:g}입니다.")
    if abs(difference) < 1e-9:
        raise ValueError("차이가 0이면 아무리 많이 모아도 알아볼 수 없습니다.")
    if variant not in VARIANTS:
        raise ValueError(f"variant must be one of {', '.join(VARIANTS)}, not {variant!r}")
    z_alpha, z_beta = NormalDist().inv_cdf(1 - significance / 2), NormalDist().inv_cdf(power)
    spread = base * (1 - base) + other * (1 - other)
    if variant == "arcsine":
        return 2 * ((z_alpha + z_beta) / (2 * asin(sqrt(base)) - 2 * asin(sqrt(other)))) ** 2
    if variant == "unpooled":
        return (z_alpha + z_beta) ** 2 * spread / difference**2
    middle = (base + other) / 2
    return (z_alpha * sqrt(2 * middle * (1 - middle)) + z_beta * sqrt(spread)) ** 2 / difference**2
