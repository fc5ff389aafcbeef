"""numpy, pandas and Counter throughout; naive Bayes as one matrix product."""


# %% solution_keyword
def keyword_intent(query, rules):
    return next((intent for keyword, intent in rules if keyword in query), "out_of_scope")


# %% solution_ngrams
from collections import Counter


def ngram_counts(text, n_min, n_max):
    return Counter(
        "".join(gram) for n in range(n_min, n_max + 1) for gram in zip(*(text[shift:] for shift in range(n)))
    )


# %% solution_split
def split_by_group(groups, test_share, seed):
    _, codes = np.unique(np.array(groups, dtype=str), return_inverse=True)
    sizes = np.bincount(codes)
    order = np.random.default_rng(seed).permutation(len(sizes))
    filled = np.cumsum(sizes[order])
    n_groups = np.abs(filled - test_share * len(codes)).argmin() + 1
    in_test = np.isin(codes, order[:n_groups])
    return np.flatnonzero(~in_test), np.flatnonzero(in_test)


# %% solution_recall
def recall_by_intent(y_true, y_pred):
    frame = pd.DataFrame({"actual": y_true, "right": np.array(y_true) == np.array(y_pred)})
    return frame.groupby("actual")["right"].mean().to_dict()


# %% solution_confusion
def top_confusion(y_true, y_pred):
    frame = pd.DataFrame({"actual": y_true, "answer": y_pred})
    wrong = frame[frame["actual"] != frame["answer"]].value_counts()
    return None if wrong.empty else wrong.index[0]


# %% solution_slice
def worst_slice(y_true, y_pred, slices, min_rows):
    masks = pd.DataFrame(slices).astype(bool)
    right = np.array(y_true) == np.array(y_pred)
    accuracy = masks.apply(lambda mask: right[mask.to_numpy()].mean() if mask.sum() >= min_rows else np.nan)
    return None if accuracy.isna().all() else accuracy.idxmin()


# %% solution_fit
def fit_model(texts, intents):
    counts = [ngram_counts(text, 1, 4) for text in texts]
    columns = {gram: column for column, gram in enumerate(dict.fromkeys(gram for one in counts for gram in one))}
    classes, codes = np.unique(intents, return_inverse=True)
    table = np.zeros((len(classes), len(columns)))
    for one, code in zip(counts, codes):
        table[code, [columns[gram] for gram in one]] += list(one.values())
    table += 0.05
    return classes, columns, np.log(table / table.sum(axis=1, keepdims=True)), np.log(np.bincount(codes) / len(codes))


# %% solution_predict
def predict_model(model, texts):
    classes, columns, weights, prior = model
    features = np.zeros((len(texts), len(columns)))
    for row, text in enumerate(texts):
        for gram, count in ngram_counts(text, 1, 4).items():
            if gram in columns:
                features[row, columns[gram]] = count
    return classes[np.argmax(features @ weights.T + prior, axis=1)]
