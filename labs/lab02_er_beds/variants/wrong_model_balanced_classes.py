"""Weights both classes alike: sharp, and wrong about how often.

Loses: test_model_worlds, test_model_hidden
"""


# %% solution_model
def columns_of(rows):
    full = rows.assign(none=1.0 * rows["last_number"].isna(), room=rows["last_number"].clip(-6, 6))
    return full.fillna(0).to_numpy(dtype=float) / 10


def fit_model(rows, accepted):
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=10, max_iter=2000, class_weight="balanced").fit(columns_of(rows), accepted)


def predict_accept(model, rows):
    return model.predict_proba(columns_of(rows))[:, 1]
