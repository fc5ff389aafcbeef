"""Multiplies probabilities instead of adding logarithms: a long query underflows to 0.

Loses: test_model_learns_hidden
"""


# %% solution_predict
def predict_model(model, texts):
    classes, columns, log_prior, log_likelihood = model
    answers = []
    for text in texts:
        score = np.exp(log_prior)
        for gram, count in ngram_counts(text, 1, 3).items():
            if gram in columns:
                score = score * np.exp(log_likelihood[:, columns[gram]]) ** count
        answers.append(classes[int(np.argmax(score))])
    return answers
