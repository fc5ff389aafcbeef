"""pandas for the records, boosted trees for the probability."""


# %% solution_label
def label_36h(arrived, departed, beds, now):
    visits = pd.DataFrame({"arrived": arrived, "departed": departed}, dtype=float)
    there = visits.query("arrived <= @now and departed > @now")
    return bool(beds - len(there) + (there["arrived"] <= now - 36 * 60).sum() > 0)


# %% solution_accepts
def accepts(arrived, departed, beds, now, horizon, shifts):
    free = beds
    for a, d in zip(arrived, departed):
        if a <= now + horizon and d > now + horizon:
            free -= 1
    staffed = False
    for first, last in shifts:
        staffed = staffed or (now + horizon >= first and now + horizon < last)
    return staffed and free >= 1


# %% solution_rate
def false_positive_rate(labels, truth):
    table = pd.DataFrame({"labels": labels, "truth": truth}).astype(bool)
    return float(table.loc[~table["truth"], "labels"].mean())


# %% solution_features
def features_at(reports, arrived, departed, now, start, holidays):
    t = pd.Timestamp(start) + pd.Timedelta(minutes=now)
    seen = [one for one in reports if one[0] <= now]
    numbers = [(m, v) for m, v in seen if v != -1]
    hour_ago = [v for m, v in numbers if m <= now - 60]
    ages = [now - a for a, d in zip(arrived, departed) if a <= now < d]
    return {
        "day_of_week": (t.dayofweek + 7) % 7,
        "hour": t.hour,
        "is_holiday": int(str(t.date()) in holidays),
        "report_missing": int(seen == [] or seen[-1][1] == -1),
        "report_age_minutes": now - seen[-1][0] if seen else math.nan,
        "last_number": numbers[-1][1] if numbers else math.nan,
        "occupancy_trend": numbers[-1][1] - hour_ago[-1] if hour_ago else math.nan,
        "arrivals_last_hour": len([a for a in arrived if now - 60 < a <= now]),
        "departures_last_hour": len([d for d in departed if now - 60 < d <= now]),
        "oldest_stay_hours": max(ages) / 60 if ages else 0,
    }


# %% solution_rows
def feature_rows(reports, arrived, departed, times, start, holidays):
    from functools import partial

    at = partial(features_at, reports, arrived, departed, start=start, holidays=holidays)
    return tuple(at(now=t) for t in times)


# %% solution_model
def fit_model(rows, accepted):
    from sklearn.ensemble import HistGradientBoostingClassifier

    trees = HistGradientBoostingClassifier(
        learning_rate=0.05, max_iter=90, max_leaf_nodes=6, min_samples_leaf=40, random_state=0
    )
    return trees.fit(rows, accepted)


def predict_accept(model, rows):
    return pd.Series(model.predict_proba(rows)[:, 1])
