import numpy as np
import pytest

from coursekit.cases.inspection import NETWORKS, build_network


@pytest.mark.parametrize("kind", NETWORKS)
def test_each_kind_answers_with_probabilities(kind):
    network = build_network(kind, size=32, classes=5)
    answers = network.predict(np.random.default_rng(0).random((3, 32, 32, 1)), verbose=0)
    assert answers.shape == (3, 5)
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)


def test_the_kinds_have_the_layers_that_they_are_for():
    layers = {kind: {type(layer).__name__ for layer in build_network(kind, size=16).layers} for kind in NETWORKS}
    assert {"DepthwiseConv2D", "Add", "GlobalAveragePooling2D", "ZeroPadding2D"} <= layers["mobile"]
    assert {"Add", "AveragePooling2D"} <= layers["residual"]
    assert {"Conv2D", "MaxPooling2D"} <= layers["inspector"]
    assert "Conv2D" not in layers["dense"]


def test_a_seed_gives_the_weights_and_width_the_size():
    one, same, other = (build_network("mobile", size=16, seed=seed).get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(one, same, strict=True))
    assert any(not np.array_equal(a, b) for a, b in zip(one, other, strict=True))
    narrow, wide = (build_network("inspector", size=16, width=width).count_params() for width in (1, 4))
    assert 12 < wide / narrow < 16.5  # kernels grow with the square of the width, the rest with the width


@pytest.mark.parametrize(
    ("arguments", "word"),
    [({"kind": "vgg"}, "inspector, mobile"), ({"kind": "dense", "size": 40}, "multiple of 16"),
     ({"kind": "dense", "classes": 1}, "classes"), ({"kind": "dense", "width": 0}, "width")],
)  # fmt: skip
def test_bad_arguments_are_told(arguments, word):
    with pytest.raises(ValueError, match=word):
        build_network(**arguments)
