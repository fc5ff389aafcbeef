"""Objects that hear one element at a time, with means that are updated; a CUSUM decides on the refresh."""


# %% solution_ddm
class Ddm:
    def __init__(self, n_min):
        self.n_min = n_min
        self.forget()

    def forget(self):
        self.n, self.p, self.lowest, self.at_lowest = 0, 0.0, None, None

    def hear(self, error):
        self.n += 1
        self.p += (error - self.p) / self.n
        deviation = (max(self.p * (1 - self.p), 0) / self.n) ** 0.5
        if self.n < self.n_min:
            return "quiet"
        height = self.p + deviation
        if self.lowest is None or height < self.lowest:
            self.lowest, self.at_lowest = height, (self.p, deviation)
        p, s = self.at_lowest
        if height > p + 3 * s:
            self.forget()
            return "drift"
        return "warning" if height > p + 2 * s else "quiet"


def ddm_alarms(errors, n_min=30):
    detector = Ddm(n_min)
    said = [detector.hear(error) for error in errors]
    return tuple([i for i, one in enumerate(said) if one == what] for what in ("warning", "drift"))


# %% solution_eddm
class Eddm:
    def __init__(self, n_min):
        self.n_min = n_min
        self.forget()

    def forget(self):
        self.since, self.k, self.mean, self.squares, self.widest = 0, 0, 0.0, 0.0, 0.0

    def hear(self, error):
        self.since += 1
        if not error:
            return False
        gap, self.since = self.since, 0
        self.k += 1
        off = gap - self.mean
        self.mean += off / self.k
        self.squares += off * (gap - self.mean)
        width = self.mean + 2 * math.sqrt(self.squares / self.k)
        self.widest = max(width, self.widest)
        if self.k < self.n_min or width >= 0.9 * self.widest:
            return False
        self.forget()
        return True


def eddm_drifts(errors, n_min=30):
    detector = Eddm(n_min)
    return [position for position, error in enumerate(errors) if detector.hear(error)]


# %% solution_distances
class Bins:
    def __init__(self, p, q):
        self.pairs = list(zip(p, q))

    def total(self, of):
        return math.fsum(of(a, b) for a, b in self.pairs)


def kl_divergence(p, q):
    def part(a, b):
        if a == 0:
            return 0.0
        return a * math.log(a / b) if b else math.inf

    return Bins(p, q).total(part)


def total_variation(p, q):
    return Bins(p, q).total(lambda a, b: max(a - b, 0))


def hellinger(p, q):
    return math.sqrt(max(1 - Bins(p, q).total(lambda a, b: math.sqrt(a * b)), 0))


# %% solution_refresh
class Cusum:
    def __init__(self, allowed, limit):
        self.allowed, self.limit, self.sum = allowed, limit, 0.0

    def hear(self, rate):
        self.sum = max(0.0, self.sum + rate - self.allowed)
        return self.sum > self.limit


def retrain_today(day, error_rates, budget_left):
    chart = Cusum(allowed=0.12, limit=0.12)
    rung = [chart.hear(rate) for rate in error_rates]
    return budget_left > 0 and bool(rung) and rung[-1]
