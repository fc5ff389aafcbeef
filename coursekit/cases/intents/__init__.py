"""Intent queries: what does a person want from an assistant?

Raw Korean queries as people say and type them, a test set written by hand, and a ladder of
models from keyword rules to a Transformer. The case of week 1; later weeks come back to it.
"""

from coursekit.cases.intents.corpus import load_queries
from coursekit.cases.intents.gain import gain_over_rules
from coursekit.cases.intents.keyword import KEYWORD_RULES, KeywordBaseline
from coursekit.cases.intents.neural import DenseClassifier, LSTMClassifier, TransformerClassifier
from coursekit.cases.intents.ngram import NgramClassifier
from coursekit.cases.intents.slices import query_slices
from coursekit.cases.intents.taxonomy import INTENTS, NOISES, OUT_OF_SCOPE, SPEECH_LEVELS
from coursekit.cases.intents.test_queries import load_test_queries

__all__ = [
    "INTENTS",
    "KEYWORD_RULES",
    "NOISES",
    "OUT_OF_SCOPE",
    "SPEECH_LEVELS",
    "DenseClassifier",
    "KeywordBaseline",
    "LSTMClassifier",
    "NgramClassifier",
    "TransformerClassifier",
    "gain_over_rules",
    "load_queries",
    "load_test_queries",
    "query_slices",
]
