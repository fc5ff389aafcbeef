"""Where a detector spoke."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from coursekit.short_repr import ShortRepr


@dataclass(frozen=True, eq=False, repr=False)
class Alarms(ShortRepr):
    """The elements of a stream at which a detector warned or called a drift.

    On call, the question is not "was there drift" but "since when, and how often has this
    detector cried wolf"; both need the positions, not a flag.

    Examples
    --------
    >>> import numpy as np
    >>> alarms = Alarms(warnings=np.array([7, 8]), drifts=np.array([9]), length=20)
    >>> alarms.first_drift
    9
    >>> alarms.to_frame()
       position     kind
    0         7  warning
    1         8  warning
    2         9    drift
    """

    warnings: np.ndarray
    """Positions (from 0) of the elements after which the detector warned, ascending."""
    drifts: np.ndarray
    """Positions of the elements after which it called a drift, ascending."""
    length: int
    """Number of elements it was shown."""

    @property
    def first_warning(self) -> int | None:
        """Position of the first warning, None if there was none."""
        return int(self.warnings[0]) if self.warnings.size else None

    @property
    def first_drift(self) -> int | None:
        """Position of the first drift, None if there was none."""
        return int(self.drifts[0]) if self.drifts.size else None

    def to_frame(self) -> pd.DataFrame:
        """One row per warning and drift, in the order of the stream."""
        kinds = ["warning"] * len(self.warnings) + ["drift"] * len(self.drifts)
        frame = pd.DataFrame({"position": np.concatenate([self.warnings, self.drifts]).astype(np.int64), "kind": kinds})
        return frame.sort_values("position", kind="stable", ignore_index=True)

    def plot(self) -> go.Figure:
        """Mark warnings and drifts along the stream."""
        figure = go.Figure(layout={"title": "경보의 위치", "xaxis_title": "흐름에서의 위치", "height": 260})
        for name, positions, symbol in (("경고", self.warnings, "line-ns-open"), ("드리프트", self.drifts, "x")):
            figure.add_scatter(
                x=positions, y=[name] * len(positions), mode="markers", name=name, marker={"symbol": symbol, "size": 11}
            )
        figure.update_xaxes(range=[0, self.length])
        figure.update_yaxes(categoryorder="array", categoryarray=["드리프트", "경고"])
        return figure
