"""What lab 7's functions are made to return; read by test_messages.py."""

from __future__ import annotations

import numpy as np

RETURNED = [
    "sound",
    (1.0, 0),
    (1, 0.5),
    (float("nan"), 0),
    (-1.0, 0),
    1.5,
    np.zeros(0),
    np.zeros(3, int),
    np.zeros((2, 2)),
    np.array(["a"]),
    np.array(None),
    (np.zeros(1, int), np.zeros(1, int)),
    (np.zeros((2, 3), int), np.array([np.nan, 1.0])),
    {"dense": 8},
    {"conv1": True},
    {f"conv{number}": 8.0 for number in range(1, 6)} | {"dense": 8},
    dict.fromkeys(["conv1", "conv2", "conv3", "conv4", "conv5", "dense"], 9),
]
"""Besides what every lab's functions are made to return."""

STAND_INS = {}
"""What is slow and not asked about."""

WRONG = {
    "affine": (
        "affine_parameters",
        [lambda *_: (1.0, 0), lambda *_: (1.0, 0.5), lambda low, high, *_: (max(high - low, 1.0) / 255, 0)],
    ),
    "weights": (
        "quantize_weights",
        [
            lambda weights, bits: (np.zeros(np.shape(weights), int), np.ones(len(weights))),
            lambda weights, bits: (np.asarray(weights), np.ones(len(weights))),
        ],
    ),
    "multiply": (
        "multiply",
        [
            lambda sums, mantissa, shift: sums,
            lambda sums, mantissa, shift: (sums * (mantissa / 2.0 ** (31 - shift))).astype(int),
        ],
    ),
    "dense": (
        "int8_dense",
        [lambda x, weights, *_: np.zeros((len(x), len(weights)), int), lambda x, *_: x.astype(int)],
    ),
    "conv": (
        "int8_conv",
        [lambda images, *_: images.astype(int), lambda images, *_: np.full(images.shape, 128)],
    ),
    "budget": (
        "choose_bits",
        [
            lambda *_: None,
            lambda network, *_: dict.fromkeys(network, 8),
            lambda network, *_: dict.fromkeys(network, 2),
            lambda network, *_: dict.fromkeys(network, 4.0),
        ],
    ),
    "diagnose": ("diagnose", [lambda *_: "sound", lambda *_: "light", lambda *_: "조명"]),
}
"""Each hidden check, with the function that it asks and answers of the right kind that it must refuse."""
