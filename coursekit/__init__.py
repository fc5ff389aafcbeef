"""Real ML production systems to import, run, break and grade.

The folders follow the lifecycle that lecture 1 draws: ``data``, ``modeling``, ``deployment``,
``monitoring``; ``cases`` are the running stories, ``classroom`` is the instructors' side,
``explore`` the figures students play with.
"""

__version__ = "0.1.0"
