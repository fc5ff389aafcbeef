"""Points as people round them: half up, on the decimal number that is shown."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal


def half_up(points: float, decimals: int = 2) -> Decimal:
    """Round half up.

    The nearest binary number to 84.995 lies below it, so ``round`` gives 84.99 to one student and 85.00 to
    another with the same digits; a letter or a column of Canvas must not depend on that.

    >>> half_up(84.995), half_up(2.675), round(2.675, 2), half_up(1 / 3)
    (Decimal('85.00'), Decimal('2.68'), 2.67, Decimal('0.33'))
    """
    return Decimal(str(points)).quantize(Decimal(1).scaleb(-decimals), rounding=ROUND_HALF_UP)
