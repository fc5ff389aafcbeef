"""Learns from the notebook's own training frame instead of what it is given.

Loses: test_model_learns_hidden
"""


# %% solution_fit
def fit_model(texts, intents):
    bags = [ngram_counts(text, 1, 3) for text in train["text"]]
    classes = sorted(set(train["intent"]))
    columns = {gram: column for column, gram in enumerate(sorted({gram for bag in bags for gram in bag}))}
    table = np.full((len(classes), len(columns)), 0.1)
    for bag, intent in zip(bags, train["intent"]):
        for gram, count in bag.items():
            table[classes.index(intent), columns[gram]] += count
    prior = np.log([sum(train["intent"] == intent) for intent in classes])
    return classes, columns, prior, np.log(table / table.sum(axis=1, keepdims=True))
