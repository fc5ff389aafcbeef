"""Says 0.98 or 0.02: right as often, and no probability.

Loses: test_model_worlds, test_model_hidden
"""


# %% solution_model
def columns_of(rows):
    full = rows.assign(none=1.0 * rows["last_number"].isna(), room=rows["last_number"].clip(-6, 6))
    return full.fillna(0).to_numpy(dtype=float) / 10


def fit_model(rows, accepted):
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=10, max_iter=2000).fit(columns_of(rows), accepted)


def predict_accept(model, rows):
    return np.where(model.predict(columns_of(rows)) == 1, 0.98, 0.02)
