"""The features of the seed alone: weekday, hour, holiday.

Loses: test_model, test_model_worlds, test_model_hidden
"""


# %% solution_model
def fit_model(rows, accepted):
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(max_iter=40).fit(rows[["day_of_week", "hour", "is_holiday"]], accepted)


def predict_accept(model, rows):
    return model.predict_proba(rows[["day_of_week", "hour", "is_holiday"]])[:, 1]
