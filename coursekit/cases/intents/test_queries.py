"""The hand-written test set: what people really say, kept away from every model."""

from __future__ import annotations

from importlib import resources

import pandas as pd

COLUMNS = ("text", "intent", "group", "speech_level", "noise", "source")


def load_test_queries() -> pd.DataFrame:
    """Load the hand-written Korean queries on which the intent models are judged.

    A model trained and tested on text of one generator measures the generator. These queries were
    written one by one, without sight of the grammar behind :func:`load_queries`, by authors who
    took on different lives (students, shift workers, parents, shop owners, farmers, speakers of
    five dialects) and followed one annotation guide. Never train on them.

    Returns
    -------
    pandas.DataFrame
        More than 1,000 rows: ``text``, ``intent`` (one of ``INTENTS``), ``group`` (each row its
        own), ``speech_level`` (formal, informal, fragment), ``noise`` (``none`` or names joined
        by ``+``), ``source`` (``handwritten``).

    Examples
    --------
    >>> queries = load_test_queries()
    >>> len(queries) >= 1000, queries["intent"].nunique()
    (True, 19)
    """
    file = resources.files("coursekit.cases.intents") / "data" / "test_queries.csv"
    with file.open(encoding="utf-8") as lines:
        queries = pd.read_csv(lines, dtype=str, keep_default_na=False)
    queries["group"] = [f"handwritten-{row}" for row in range(len(queries))]
    queries["source"] = "handwritten"
    return queries[list(COLUMNS)]
