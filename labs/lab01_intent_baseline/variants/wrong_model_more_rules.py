"""Calls a longer list of rules a model; it learns nothing from the data.

Loses: test_model, test_model_learns_hidden, test_model_unseen_hidden
"""


# %% solution_fit
def fit_model(texts, intents):
    more = [("우산", "weather"), ("틀어", "music"), ("몇 시", "alarm"), ("얼마", "shopping"), ("데려다", "navigation")]
    return [*KEYWORD_RULES, *more]


# %% solution_predict
def predict_model(model, texts):
    return [next((intent for keyword, intent in model if keyword in text), "weather") for text in texts]
