"""Bits of each layer under a limit of bytes or of loss: a knapsack, filled greedily."""

from __future__ import annotations

import numpy as np


def plan_bits(losses: np.ndarray, nbytes: np.ndarray, *, max_bytes: float | None, max_loss: float | None) -> list[int]:
    """Column of each row; columns go from many bytes to few. A ValueError tells what cannot be kept.

    From the first column on, the cheaper of all moves per byte saved is made next; by the moves to each later column
    a row walks along the lower hull of its points, so that what is chosen after each move is the best for its bytes.
    With what a budget has left at its end, rows are moved back where that gains most.
    """
    rows = np.arange(len(losses))
    chosen = np.zeros(len(losses), int)

    def total(table: np.ndarray) -> float:
        return float(table[rows, chosen].sum())

    if max_bytes is not None:
        while total(nbytes) > max_bytes:
            move = _cheapest(losses, nbytes, chosen, room=np.inf)
            if move is None:
                raise ValueError(
                    f"SensitivityReport.plan: with the fewest bits everywhere the weights still take "
                    f"{total(nbytes):,.0f} bytes, above max_bytes={max_bytes:,.0f}"
                )
            chosen[move[0]] = move[1]
        _give_back(losses, nbytes, chosen, max_bytes)
        if max_loss is not None and total(losses) > max_loss:
            raise ValueError(
                f"SensitivityReport.plan: keeping max_bytes={max_bytes:,.0f} costs a loss of {total(losses):.4g}, "
                f"above max_loss={max_loss:.4g}; allow more of one"
            )
        return chosen.tolist()
    assert max_loss is not None
    if total(losses) > max_loss:
        raise ValueError(
            f"SensitivityReport.plan: with the most bits everywhere the loss is {total(losses):.4g} already, above "
            f"max_loss={max_loss:.4g}"
        )
    while (move := _cheapest(losses, nbytes, chosen, room=max_loss - total(losses))) is not None:
        chosen[move[0]] = move[1]
    return chosen.tolist()


def _cheapest(losses: np.ndarray, nbytes: np.ndarray, chosen: np.ndarray, *, room: float) -> tuple[int, int] | None:
    """The row and column with the least loss per byte saved, among those that lose at most so much more."""
    rows = np.arange(len(losses))
    saved = nbytes[rows, chosen][:, None] - nbytes
    lost = losses - losses[rows, chosen][:, None]
    # a layer that loses nothing by a move should go as far down as it is free: a tie goes to more bytes
    possible = np.argwhere((saved > 0) & (lost <= room))
    if not len(possible):
        return None
    best = min(possible.tolist(), key=lambda at: (lost[*at] / saved[*at], -saved[*at]))
    return best[0], best[1]


def _give_back(losses: np.ndarray, nbytes: np.ndarray, chosen: np.ndarray, max_bytes: float) -> None:
    """Move rows back to more bytes while that fits and helps, the largest gain first."""
    rows = np.arange(len(losses))
    while True:
        left = max_bytes - nbytes[rows, chosen].sum()
        added = nbytes - nbytes[rows, chosen][:, None]
        gained = losses[rows, chosen][:, None] - losses
        possible = np.argwhere((added <= left) & (gained > 0))
        if not len(possible):
            return
        row, column = max(possible.tolist(), key=lambda at: gained[*at])
        chosen[row] = column
