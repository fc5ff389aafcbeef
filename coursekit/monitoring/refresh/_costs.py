"""The bill of a refresh: what models lost, and what their trainings cost."""

from __future__ import annotations

import numpy as np

from coursekit.short_repr import ShortRepr


class Bill(ShortRepr):
    """Costs of a result that has ``loss`` a step, ``starts`` of trainings and ``retrain_cost``."""

    loss: np.ndarray
    starts: np.ndarray
    retrain_cost: float

    def _counted(self) -> tuple[np.ndarray, int]:
        """Losses of the steps that count, and how many trainings began in them."""
        return self.loss, len(self.starts)

    @property
    def cost(self) -> float:
        """Losses of all counted steps and the price of the trainings that began in them."""
        loss, trainings = self._counted()
        return float(np.sum(loss) + self.retrain_cost * trainings)

    @property
    def loss_per_step(self) -> float:
        """Mean loss of a counted step, the trainings left out."""
        return float(np.mean(self._counted()[0]))

    @property
    def retraining_per_step(self) -> float:
        """Price of the trainings, spread over the counted steps."""
        loss, trainings = self._counted()
        return self.retrain_cost * trainings / len(loss)

    @property
    def cost_per_step(self) -> float:
        """What a counted step cost in all: loss_per_step + retraining_per_step."""
        return self.loss_per_step + self.retraining_per_step
