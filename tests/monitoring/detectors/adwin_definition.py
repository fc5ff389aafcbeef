"""ADWIN as it is defined, in lists and without shortcuts: the oracle of the compiled one."""

from __future__ import annotations

from math import log, sqrt

Bucket = tuple[float, float]  # sum of its elements, sum of their squared deviations


class AdwinByDefinition:
    """One element at a time; after a cut the newer part stays (MOA), or everything goes (river)."""

    def __init__(self, *, delta=0.002, clock=32, max_buckets=5, min_window_length=5, grace_period=10, moa=True):
        self.delta, self.clock, self.max_buckets, self.grace_period = delta, clock, max_buckets, grace_period
        self.min_window_length, self.moa = min_window_length, moa
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.rows: list[list[Bucket]] = [[]]  # row r: buckets of 2^r elements, oldest first
        self.width, self.total, self.variance, self.ticks = 0, 0.0, 0.0, 0
        self.alarmed = False

    def hear(self, x: float) -> bool:
        """Whether this element made it cut its window."""
        if self.alarmed and not self.moa:
            self.forget()
        self._insert(x)
        self.ticks += 1
        self.alarmed = False
        if self.ticks % self.clock == 0 and self.width > self.grace_period:
            while any(self._differs(*cut) for cut in self.cuts()):
                self._drop_oldest()
                self.alarmed = True
        return self.alarmed

    def cuts(self) -> list[tuple[int, float, int, float]]:
        """Length and sum of the older and of the newer part, at each border between buckets."""
        found, n0, u0, n1, u1 = [], 0, 0.0, self.width, self.total
        for row in reversed(range(len(self.rows))):
            for total, _ in self.rows[row]:
                n0, u0, n1, u1 = n0 + 2**row, u0 + total, n1 - 2**row, u1 - total
                found.append((n0, u0, n1, u1))
        return found[:-1]  # behind the newest bucket nothing is left

    def _differs(self, n0: int, u0: float, n1: int, u1: float) -> bool:
        shortest = self.min_window_length + 2 if self.moa else self.min_window_length
        if min(n0, n1) < shortest or self.variance < 0:
            return False
        confidence = log(2 * log(self.width) / self.delta)
        m = 1 / (n0 - self.min_window_length + 1) + 1 / (n1 - self.min_window_length + 1)
        bound = sqrt(2 * m * (self.variance / self.width) * confidence) + 2 / 3 * confidence * m
        return abs(u0 / n0 - u1 / n1) > bound

    def _insert(self, x: float) -> None:
        if self.width:
            self.variance += self.width * (x - self.total / self.width) ** 2 / (self.width + 1)
        self.width += 1
        self.total += x
        self.rows[0].append((x, 0.0))
        row = 0
        while len(self.rows[row]) > self.max_buckets:
            (u, v), (w, z) = self.rows[row][:2]
            del self.rows[row][:2]
            if row + 1 == len(self.rows):
                self.rows.append([])
            self.rows[row + 1].append((u + w, v + z + 2**row / 2 * (u / 2**row - w / 2**row) ** 2))
            row += 1

    def _drop_oldest(self) -> None:
        n = 2 ** (len(self.rows) - 1)
        total, variance = self.rows[-1].pop(0)
        self.width -= n
        self.total -= total
        gap = total / n - self.total / self.width
        self.variance -= variance + n * self.width * gap**2 / (n + self.width)
        while len(self.rows) > 1 and not self.rows[-1]:
            self.rows.pop()
