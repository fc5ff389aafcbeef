"""Hands the work to scikit-learn instead of counting.

Loses: test_model
"""

# %% solution_fit
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline


def fit_model(texts, intents):
    counter = CountVectorizer(analyzer="char", ngram_range=(1, 3))
    return make_pipeline(counter, MultinomialNB(alpha=0.1)).fit(texts, intents)


# %% solution_predict
def predict_model(model, texts):
    return model.predict(texts).tolist()
