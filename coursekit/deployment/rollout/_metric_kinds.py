"""What a metric of another tool counts, from the words in its name.

- "error", "fail", "exception", "timeout", "crash", "5xx", "503" and the like: errors;
- "success" or "availability": success;
- "latency", "duration", "response time", "slow", "p99" and the like: latency.
"""

from __future__ import annotations

import re

_ERRORS = {
    "error", "errors", "err", "errs", "fail", "fails", "failed", "failure", "failures", "exception", "exceptions",
    "timeout", "timeouts", "crash", "crashes", "4xx", "5xx", "500", "502", "503", "504",
}  # fmt: skip
_SUCCESSES = {"success", "successes", "successful", "availability"}
_LATENCY = {"latency", "latencies", "duration", "durations", "elapsed", "slow", "slowness"}
_OVER = re.compile(r"(?:over|above|than|gt|>)[\s_.-]*(\d+(?:\.\d+)?)[\s_-]*(ms|s)(?![a-z])", re.IGNORECASE)


def limit_in_ms(name: str) -> float | None:
    """The limit that the name of a share of slow requests tells, as in "latency over 300 ms"; None if none."""
    over = _OVER.search(name)
    if over is None:
        return None
    return float(over[1]) * (1000 if over[2].lower() == "s" else 1) or None


def kinds_of(name: str) -> list[str]:
    """Which of "errors", "success" and "latency" the words of a name speak of."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).lower()
    words = set(re.findall(r"[45]xx|p\d+|[a-z]+|\d+", spaced))
    percentile = any(re.fullmatch(r"p\d+", word) for word in words)
    timed = bool({"response", "request", "transaction"} & words and {"time", "times"} & words)
    hinted = {
        "errors": bool(words & _ERRORS),
        "success": bool(words & _SUCCESSES),
        "latency": bool(words & _LATENCY) or timed or percentile,
    }
    return [kind for kind, said in hinted.items() if said]
