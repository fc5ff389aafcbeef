"""Model refresh: when to retrain, what it costs, and how far that is from the best possible.

Times are whole steps (days, say). Step t lasts from t to t + 1; a training that starts at step s knows
every label of the steps before s - label_delay and serves from step s + train_duration on. A policy is asked
once a step, by :func:`simulate` (a world that is a formula) and by :func:`backtest` (real rows) alike.
"""

from coursekit.monitoring.refresh.backtesting import Backtest, backtest
from coursekit.monitoring.refresh.closed_forms import best_interval, expected_cost
from coursekit.monitoring.refresh.loss_matrices import loss_matrix
from coursekit.monitoring.refresh.policies import AnyOf, Budgeted, OnDemand, RefreshNews, RefreshPolicy, Scheduled
from coursekit.monitoring.refresh.schedule_oracle import BestSchedule, LossMatrix, best_schedule
from coursekit.monitoring.refresh.simulation import RefreshSimulation, simulate
from coursekit.monitoring.refresh.staleness import (
    AbruptChanges,
    ChangesAt,
    LinearStaleness,
    SeasonalStaleness,
    Staleness,
)
from coursekit.monitoring.refresh.triggered import KnownDelay, Triggered
from coursekit.monitoring.refresh.update_frequency import UpdateFrequency, update_frequency

__all__ = [
    "AbruptChanges",
    "AnyOf",
    "Backtest",
    "BestSchedule",
    "Budgeted",
    "ChangesAt",
    "KnownDelay",
    "LinearStaleness",
    "LossMatrix",
    "OnDemand",
    "RefreshNews",
    "RefreshPolicy",
    "RefreshSimulation",
    "Scheduled",
    "SeasonalStaleness",
    "Staleness",
    "Triggered",
    "UpdateFrequency",
    "backtest",
    "best_interval",
    "best_schedule",
    "expected_cost",
    "loss_matrix",
    "simulate",
    "update_frequency",
]
