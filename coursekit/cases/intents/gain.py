"""How much more a learned model gets right than the keyword rules, and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from coursekit.cases.intents.corpus import load_queries
from coursekit.cases.intents.keyword import KeywordBaseline


def gain_over_rules(
    fit: Callable[[list[str], list[str]], Any],
    predict: Callable[[Any, list[str]], Sequence[str]],
    *,
    seed: int,
    n: int = 3_000,
) -> tuple[float, float]:
    r"""Compare a model with the keyword rules on fresh queries: the gain and its standard error.

    A model replaces a baseline only if it wins by more than luck. Both answer the same queries,
    so what counts is the difference on each, :math:`d_i` = (1 if the model is right) - (1 if the
    rules are right), with the mean :math:`\bar d`. Queries of one group are right or wrong
    together, so the error is counted in groups:

    .. math:: \mathrm{SE} = \frac{1}{n} \sqrt{\sum_k \Big(\sum_{i \in k} (d_i - \bar d)\Big)^2}

    The groups are dealt to two halves; the model learns from one half and answers the other, and
    then the other way round, so that it never meets a paraphrase of what it has learned.

    Parameters
    ----------
    fit
        Called with queries and their intents; gives a model.
    predict
        Called with that model and queries; gives one intent for each. Whatever is no intent
        counts as wrong.
    seed
        Seed of the queries, as in `load_queries`.
    n
        Number of queries.

    Returns
    -------
    gain, standard_error
        Both as shares of the queries, so that 0.02 is two percentage points.

    Raises
    ------
    ValueError
        If ``predict`` does not give one answer for each query.

    Examples
    --------
    >>> from coursekit.cases.intents import NgramClassifier
    >>> gain, standard_error = gain_over_rules(NgramClassifier().fit, NgramClassifier.predict, seed=1)
    >>> gain > 3 * standard_error
    True
    """
    queries = load_queries(n, seed=seed)
    half = pd.factorize(queries["group"])[0] % 2
    right = np.zeros(len(queries))
    for judged in (0, 1):
        seen, unseen = queries[half != judged], queries[half == judged]
        model = fit(seen["text"].tolist(), seen["intent"].tolist())
        answers = list(predict(model, unseen["text"].tolist()))
        if len(answers) != len(unseen):
            raise ValueError(f"predict gave {len(answers)} answers to {len(unseen)} queries; give one for each")
        pairs = zip(answers, unseen["intent"], strict=True)
        right[half == judged] = [isinstance(answer, str) and answer == intent for answer, intent in pairs]
    rules = KeywordBaseline().fit().predict(queries["text"])
    difference = right - (queries["intent"].to_numpy() == rules)
    by_group = pd.Series(difference - difference.mean()).groupby(queries["group"].to_numpy()).sum()
    return float(difference.mean()), float(np.sqrt((by_group**2).sum()) / len(queries))
