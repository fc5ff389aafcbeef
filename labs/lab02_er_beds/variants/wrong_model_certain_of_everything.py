"""Says 0.98 or 0.02: right as often, and no probability.

Loses: test_model_worlds, test_model_hidden
"""


# %% solution_model
def table_for(rows):
    return rows.fillna(0).to_numpy()


def fit_model(rows, accepted):
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(60, max_depth=8, random_state=0).fit(table_for(rows), accepted)


def predict_accept(model, rows):
    return np.where(model.predict(table_for(rows)) == 1, 0.98, 0.02)
