"""Named parts of the queries: how they are said, how long, and what spoils them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from coursekit.cases.intents.taxonomy import NOISES, SPEECH_LEVELS

SHORT, LONG = 10, 25
"""Up to so many characters a query is short; from so many on it is long."""


def query_slices(queries: pd.DataFrame) -> dict[str, np.ndarray]:
    """Masks of the slices on which an intent model should be watched.

    People who type without spaces, make typos, speak a dialect or leave politeness out are
    users too. A model is released on its slices, not on its mean. Pass the result to
    ``evaluate(..., slices=...)``.

    Slices: the speech levels, the lengths ("짧은 질의": at most 10 characters, "긴 질의": at
    least 25), text without any space, each kind of noise, and no noise at all. They overlap;
    some may be empty.

    Parameters
    ----------
    queries
        Queries with the columns text, speech_level and noise, as `load_queries` and
        `load_test_queries` return them.

    Returns
    -------
    slices
        Korean name of each slice to its boolean mask, shape (n,).

    Raises
    ------
    ValueError
        If a column is missing, or a speech level or noise is unknown.

    Examples
    --------
    >>> frame = pd.DataFrame(
    ...     {
    ...         "text": ["내일 날씨 알려주세요", "내일날씨알려조"],
    ...         "speech_level": ["formal", "informal"],
    ...         "noise": ["none", "spacing+typo"],
    ...     }
    ... )
    >>> [name for name, mask in query_slices(frame).items() if mask[1]]
    ['반말', '짧은 질의', '공백 없는 질의', '띄어쓰기 오류', '오타']
    """
    missing = [column for column in ("text", "speech_level", "noise") if column not in queries]
    if missing:
        raise ValueError(f"queries lacks the column {missing[0]!r}; pass the frame from load_queries()")
    level = queries["speech_level"].to_numpy(dtype=str)
    noise = [frozenset(str(value).split("+")) for value in queries["noise"]]
    for column, unknown in (
        ("speech_level", set(level.tolist()) - set(SPEECH_LEVELS)),
        ("noise", set().union(*noise) - {*NOISES, "none"}),
    ):
        if unknown:
            raise ValueError(f"column {column!r} holds {min(unknown)!r}, which taxonomy.py does not know")
    text = [str(value).strip() for value in queries["text"]]
    length = np.array([len(value) for value in text], dtype=int)
    slices = {name: level == key for key, name in SPEECH_LEVELS.items()}
    slices["짧은 질의"] = length <= SHORT
    slices["긴 질의"] = length >= LONG
    slices["공백 없는 질의"] = np.array([not any(map(str.isspace, value)) for value in text], dtype=bool)
    for key, name in NOISES.items():
        title = "띄어쓰기 오류" if key == "spacing" else name
        slices[title] = np.array([key in kinds for kinds in noise], dtype=bool)
    slices["잡음 없음"] = np.array([kinds == {"none"} for kinds in noise], dtype=bool)
    return slices
