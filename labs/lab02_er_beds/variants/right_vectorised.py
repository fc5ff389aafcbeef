"""Arrays and sorted columns instead of loops; a logistic regression by hand."""


# %% solution_label
def label_36h(arrived, departed, beds, now):
    a, d = np.array(arrived), np.array(departed)
    there = (a <= now) & (d > now)
    return bool(beds > (there & (a > now - 2160)).sum())


# %% solution_accepts
def accepts(arrived, departed, beds, now, horizon, shifts):
    t = now + horizon
    there = np.searchsorted(np.sort(arrived), t, "right") - np.searchsorted(np.sort(departed), t, "right")
    edges = np.array(shifts, dtype=float).reshape(-1, 2)
    return bool((there < beds) & ((edges[:, 0] <= t) & (edges[:, 1] > t)).any())


# %% solution_rate
def false_positive_rate(labels, truth):
    labels, truth = np.array(labels, dtype=bool), np.array(truth, dtype=bool)
    return float(labels[~truth].mean()) if (~truth).any() else float("nan")


# %% solution_features
def last_of(minutes, values, t):
    at = np.searchsorted(minutes, t, "right")
    return np.concatenate([[np.nan], values])[at]


def many_at_once(reports, arrived, departed, times, start, holidays):
    t = np.array(times, dtype=float)
    sent = np.array(reports, dtype=float).reshape(-1, 2)
    minute, value = sent[:, 0], sent[:, 1]
    good = value != -1
    came, left = np.array(arrived, dtype=float), np.array(departed, dtype=float)
    there = (came[None, :] <= t[:, None]) & (t[:, None] < left[None, :])
    clock = pd.DatetimeIndex(pd.Timestamp(start) + pd.to_timedelta(t, unit="min").round("s"))
    number = last_of(minute[good], value[good], t)

    def inside(events):
        return np.array([((events > one - 60) & (events <= one)).sum() for one in t])

    table = pd.DataFrame(
        {
            "day_of_week": clock.dayofweek,
            "hour": clock.hour,
            "is_holiday": np.isin(clock.strftime("%Y-%m-%d").to_numpy(dtype=str), sorted(holidays) or [""]),
            "last_number": number,
            "report_missing": ~(last_of(minute, value, t) != -1) | (t < minute.min(initial=np.inf)),
            "report_age_minutes": t - last_of(minute, minute, t),
            "occupancy_trend": number - last_of(minute[good], value[good], t - 60),
            "arrivals_last_hour": inside(came),
            "departures_last_hour": inside(left),
            "oldest_stay_hours": np.where(there, t[:, None] - came[None, :], 0).max(axis=1, initial=0) / 60,
        }
    )
    return table.astype(float).to_dict("records")


def features_at(reports, arrived, departed, now, start, holidays):
    return many_at_once(reports, arrived, departed, [now], start, holidays)[0]


# %% solution_rows
def feature_rows(reports, arrived, departed, times, start, holidays):
    return many_at_once(reports, arrived, departed, times, start, holidays)


# %% solution_model
def matrix(rows, middle=None, spread=None):
    table = np.column_stack([rows.to_numpy(dtype=float), rows["last_number"].clip(-5, 5), rows["last_number"].isna()])
    table = np.nan_to_num(table.astype(float))
    if middle is None:
        middle, spread = table.mean(axis=0), table.std(axis=0) + 1e-9
    return np.column_stack([np.ones(len(table)), (table - middle) / spread]), middle, spread


def fit_model(rows, accepted):
    x, middle, spread = matrix(rows)
    weights = np.zeros(x.shape[1])
    for _ in range(25):
        p = 1 / (1 + np.exp(-x @ weights))
        hessian = (x * (p * (1 - p))[:, None]).T @ x + 0.5 * np.eye(len(weights))
        weights += np.linalg.solve(hessian, x.T @ (np.array(accepted) - p) - 0.5 * weights)
    return {"weights": weights, "middle": middle, "spread": spread}


def predict_accept(model, rows):
    x, _, _ = matrix(rows, model["middle"], model["spread"])
    return (1 / (1 + np.exp(-x @ model["weights"]))).tolist()
