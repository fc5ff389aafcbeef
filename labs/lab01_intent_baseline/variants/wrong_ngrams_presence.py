"""Notes that an n-gram occurs, not how often.

Loses: test_ngrams, test_ngrams_hidden
"""


# %% solution_ngrams
def ngram_counts(text, n_min, n_max):
    return {text[i : i + n]: 1 for n in range(n_min, n_max + 1) for i in range(len(text) - n + 1)}
