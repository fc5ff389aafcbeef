"""Leaves out the smoothing: one n-gram that an intent never showed makes it impossible.

Loses: test_model, test_model_unseen_hidden
"""


# %% solution_fit
def fit_model(texts, intents):
    bags = [ngram_counts(text, 1, 3) for text in texts]
    classes = sorted(set(intents))
    columns = {gram: column for column, gram in enumerate(sorted({gram for bag in bags for gram in bag}))}
    table = np.zeros((len(classes), len(columns)))
    for bag, intent in zip(bags, intents):
        for gram, count in bag.items():
            table[classes.index(intent), columns[gram]] += count
    prior = np.log([intents.count(intent) for intent in classes])
    return classes, columns, prior, np.log(table / table.sum(axis=1, keepdims=True))
