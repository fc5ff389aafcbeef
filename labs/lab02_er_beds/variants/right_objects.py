"""One object reads the record, another holds the model: a regression on the flow since the report."""


# %% solution_features
class Record:
    """What one emergency room has written down so far."""

    def __init__(self, reports, arrived, departed, now):
        self.now = now
        self.minutes = [minute for minute, _ in reports if minute <= now]
        self.values = [value for _, value in reports][: len(self.minutes)]
        self.visits = [(a, d if d <= now else math.inf) for a, d in zip(arrived, departed) if a <= now]

    def number(self, until):
        for minute, value in zip(reversed(self.minutes), reversed(self.values)):
            if minute <= until and value != -1:
                return value
        return math.nan

    def recent(self, which):
        return sum(self.now - 60 < visit[which] <= self.now for visit in self.visits)


def features_at(reports, arrived, departed, now, start, holidays):
    record = Record(reports, arrived, departed, now)
    time = np.datetime64(start) + np.timedelta64(int(now * 60), "s")
    day = time.astype("datetime64[D]")
    quiet = not record.minutes or record.values[-1] == -1
    ages = [now - a for a, d in record.visits if d == math.inf]
    return {
        "oldest_stay_hours": max(ages, default=0) / 60,
        "departures_last_hour": record.recent(1),
        "arrivals_last_hour": record.recent(0),
        "occupancy_trend": record.number(now) - record.number(now - 60),
        "last_number": record.number(now),
        "report_age_minutes": now - record.minutes[-1] if record.minutes else math.nan,
        "report_missing": 1 if quiet else 0,
        "is_holiday": str(day) in holidays,
        "hour": int((time - day) / np.timedelta64(1, "h")),
        "day_of_week": (int(day.astype(int)) + 3) % 7,
    }


# %% solution_model
class Chances:
    """Logistic regression on the last number, its square root and what has happened since."""

    def table(self, rows):
        last = rows["last_number"].fillna(0)
        age = rows["report_age_minutes"].fillna(60).clip(0, 60)
        flow = rows["departures_last_hour"] - rows["arrivals_last_hour"]
        columns = [last.clip(-5, 5), np.sign(last) * np.sqrt(last.abs()), rows["report_missing"], flow, flow * age / 60]
        return np.column_stack([*columns, rows["last_number"].isna(), last.clip(-5, 5) * age / 60]).astype(float)

    def fit(self, rows, accepted):
        from sklearn.linear_model import LogisticRegressionCV

        self.inner = LogisticRegressionCV(Cs=4, cv=4, scoring="neg_log_loss", max_iter=1000)
        self.inner.fit(self.table(rows), accepted)
        return self


def fit_model(rows, accepted):
    return Chances().fit(rows, accepted)


def predict_accept(model, rows):
    return model.inner.predict_proba(model.table(rows)).T[1]
