"""Models behind HTTP on this machine: servers in processes, a router between versions, load, a live rollout."""

from coursekit.deployment.serving.conducting import BAD, LiveMinute, LiveRollout, conduct
from coursekit.deployment.serving.load import Load, poisson_schedule, send_load
from coursekit.deployment.serving.model_server import Faults, model_app, shouting_app
from coursekit.deployment.serving.processes import ServerProcess
from coursekit.deployment.serving.router import ARMS, LOG_COLUMNS, USER, router_app

__all__ = [
    "ARMS",
    "BAD",
    "LOG_COLUMNS",
    "USER",
    "Faults",
    "LiveMinute",
    "LiveRollout",
    "Load",
    "ServerProcess",
    "conduct",
    "model_app",
    "poisson_schedule",
    "router_app",
    "send_load",
    "shouting_app",
]
