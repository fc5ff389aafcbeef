"""Repeats the baseline, as a probability.

Loses: test_model_worlds, test_model_hidden
"""


# %% solution_model
def state(rows):
    return (rows["last_number"] > 0).astype(int).where(rows["report_missing"] == 0, 2)


def fit_model(rows, accepted):
    return pd.Series(list(accepted)).groupby(state(rows).to_numpy()).mean().to_dict()


def predict_accept(model, rows):
    return state(rows).map(model).to_numpy()
