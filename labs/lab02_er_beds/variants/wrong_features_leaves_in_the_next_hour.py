"""Counts those who will leave within the hour.

Loses: test_features, test_features_hidden
"""


# %% solution_features
def features_at(reports, arrived, departed, now, start, holidays):
    t = pd.Timestamp(start) + pd.Timedelta(minutes=now)
    seen = [one for one in reports if one[0] <= now]
    numbers = [(m, v) for m, v in seen if v != -1]
    hour_ago = [v for m, v in numbers if m <= now - 60]
    ages = [now - a for a, d in zip(arrived, departed) if a <= now < d]
    return {
        "day_of_week": t.dayofweek,
        "hour": t.hour,
        "is_holiday": int(str(t.date()) in holidays),
        "report_missing": int(seen == [] or seen[-1][1] == -1),
        "report_age_minutes": now - seen[-1][0] if seen else math.nan,
        "last_number": numbers[-1][1] if numbers else math.nan,
        "occupancy_trend": numbers[-1][1] - hour_ago[-1] if hour_ago else math.nan,
        "arrivals_last_hour": len([a for a in arrived if now - 60 < a <= now]),
        "departures_last_hour": len([d for d in departed if now < d <= now + 60]),
        "oldest_stay_hours": max(ages) / 60 if ages else 0,
    }
