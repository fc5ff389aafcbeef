from __future__ import annotations

import numpy as np
import pytest

from coursekit.cases.intents import KEYWORD_RULES, KeywordBaseline, gain_over_rules, load_queries

SEED, N = 11, 600


@pytest.fixture(scope="module")
def queries():
    return load_queries(N, seed=SEED)


@pytest.fixture(scope="module")
def rules_right(queries):
    return queries["intent"].to_numpy() == KeywordBaseline().fit().predict(queries["text"])


def _gain(predict, fit=lambda texts, intents: None):
    return gain_over_rules(fit, predict, seed=SEED, n=N)


def test_the_rules_gain_nothing_over_themselves():
    rules = KeywordBaseline(rules=KEYWORD_RULES).fit()
    assert _gain(lambda _, texts: rules.predict(texts)) == (0.0, 0.0)


def test_gain_and_error_are_what_the_formula_says(queries, rules_right):
    known = dict(zip(queries["text"], queries["intent"], strict=True))
    right = np.array([known[text] == intent for text, intent in zip(queries["text"], queries["intent"], strict=True)])
    gain, error = _gain(lambda _, texts: [known[text] for text in texts])
    d = right.astype(float) - rules_right
    squares = 0.0
    for group in set(queries["group"]):
        squares += sum(d[row] - d.mean() for row in range(N) if queries["group"][row] == group) ** 2
    # Sums of N terms below 2 in size: their rounding is below N * 2 * 2**-52, about 3e-13.
    assert gain == pytest.approx(d.mean(), abs=1e-12)
    assert error == pytest.approx(np.sqrt(squares) / N, abs=1e-12)


def test_no_group_is_learned_and_judged(queries):
    group = dict(zip(queries["text"], queries["group"], strict=True))
    judged = []

    def predict(seen, texts):
        assert not {group[text] for text in texts} & {group[text] for text in seen}
        judged.extend(texts)
        return ["out_of_scope"] * len(texts)

    _gain(predict, fit=lambda texts, intents: texts)
    assert sorted(judged) == sorted(queries["text"]), "every query is judged once"


@pytest.mark.parametrize("answer", ["날씨", None, 3, ["weather"], float("nan"), np.array([1, 2])])
def test_what_is_no_intent_is_wrong(rules_right, answer):
    gain, _ = _gain(lambda _, texts: [answer] * len(texts))
    assert gain == pytest.approx(-rules_right.mean(), abs=1e-12)


def test_each_query_needs_an_answer():
    with pytest.raises(ValueError, match=r"gave 1 answers to \d+ queries"):
        _gain(lambda _, texts: ["weather"])
