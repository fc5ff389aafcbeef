"""Counts with str.count, which skips n-grams that overlap (ㅋㅋㅋ holds ㅋㅋ twice).

Loses: test_ngrams_hidden
"""


# %% solution_ngrams
def ngram_counts(text, n_min, n_max):
    grams = {text[i : i + n] for n in range(n_min, n_max + 1) for i in range(len(text) - n + 1)}
    return {gram: text.count(gram) for gram in grams}
