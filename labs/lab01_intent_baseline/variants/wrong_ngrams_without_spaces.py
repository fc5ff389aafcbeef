"""Removes the spaces first, as if they carried nothing.

Loses: test_ngrams, test_ngrams_hidden
"""


# %% solution_ngrams
def ngram_counts(text, n_min, n_max):
    text = text.replace(" ", "")
    counts = {}
    for n in range(n_min, n_max + 1):
        for i in range(len(text) - n + 1):
            counts[text[i : i + n]] = counts.get(text[i : i + n], 0) + 1
    return counts
