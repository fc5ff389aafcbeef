"""Standardises each batch by its own mean and spread.

Loses: test_model, test_model_hidden
"""


# %% solution_model
def scaled(rows):
    full = rows.assign(none=1.0 * rows["last_number"].isna(), room=rows["last_number"].clip(-6, 6)).fillna(0)
    return (full - full.mean()) / (full.std().fillna(0) + 1e-9)


def fit_model(rows, accepted):
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=500).fit(scaled(rows), accepted)


def predict_accept(model, rows):
    return model.predict_proba(scaled(rows))[:, 1]
