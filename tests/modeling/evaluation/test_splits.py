from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.modeling.evaluation import grouped_split


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 12), st.sampled_from("abcd")), min_size=8, max_size=60),
    st.floats(0.05, 0.95),
    st.integers(0, 5),
)
def test_groups_stay_whole_and_classes_near_their_share(groups_given, test_size, seed):
    sizes = {label: [size for size, name in groups_given if name == label] for label in "abcd"}
    groups = np.repeat(np.arange(len(groups_given)), [size for size, _ in groups_given])
    labels = np.repeat([name for _, name in groups_given], [size for size, _ in groups_given])
    if any(len(of_class) == 1 for of_class in sizes.values()):
        with pytest.raises(ValueError, match="one group only"):
            grouped_split(groups, test_size=test_size, stratify=labels, seed=seed)
        return
    try:
        train, test = grouped_split(groups, test_size=test_size, stratify=labels, seed=seed)
    except ValueError as error:
        # two groups or so and a large test_size can leave no group for training
        assert "could go to the training set" in str(error)
        return
    assert sorted([*train, *test]) == list(range(len(groups)))
    assert not set(groups[train]) & set(groups[test])
    for label, of_class in sizes.items():
        if of_class:
            # A group is taken only where that brings the count nearer, so the count ends within
            # half the largest group; a class left empty is then given its smallest group.
            off = abs((labels[test] == label).sum() - test_size * sum(of_class))
            assert off <= max(of_class) + 1e-9
            assert off <= max(of_class) / 2 + 1e-9 or (labels[test] == label).sum() == min(of_class)


def test_random_halves_differ_by_seed_and_repeat_by_seed():
    groups = np.repeat(np.arange(50), 3)
    first, again, other = (grouped_split(groups, seed=seed)[1].tolist() for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_every_group_has_its_chance():
    """Over many seeds each of ten equal groups is in the test set about a fifth of the time."""
    groups, n_seeds = np.repeat(np.arange(10), 4), 400
    times = np.zeros(10)
    for seed in range(n_seeds):
        times[np.unique(groups[grouped_split(groups, seed=seed)[1]])] += 1
    # exactly two groups each time, so p = .2; 5 standard errors of 400 draws are .1
    np.testing.assert_allclose(times / n_seeds, 0.2, atol=5 * np.sqrt(0.2 * 0.8 / n_seeds))


def test_inputs_are_not_touched_and_strings_and_mixed_groups_work():
    groups = np.array(["a", "b", "c", 1, 2, "a"], dtype=object)
    before = groups.copy()
    train, test = grouped_split(groups, test_size=0.5)
    assert (groups == before).all()
    assert len(train) + len(test) == 6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"groups": []}, "two groups"),
        ({"groups": [1, 1, 1]}, "two groups"),
        ({"groups": [1, 2], "test_size": 2}, "share between 0 and 1"),
        ({"groups": [1, float("nan")]}, "row 1 has no group"),
        ({"groups": [1, 2], "stratify": ["a"]}, "one class for each of the 2 rows"),
        ({"groups": [1, 2, 3], "stratify": ["a", "a", "b"]}, "class 'b' occurs in one group only"),
    ],
)
def test_bad_input_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        grouped_split(arguments.pop("groups"), **arguments)
