"""A tree that is grown until every row of the training is right.

Loses: test_model, test_model_worlds, test_model_hidden
"""


# %% solution_model
def fit_model(rows, accepted):
    from sklearn.tree import DecisionTreeClassifier

    return DecisionTreeClassifier(random_state=0).fit(rows.fillna(-99), accepted)


def predict_accept(model, rows):
    return model.predict_proba(rows.fillna(-99))[:, 1]
