"""Quantized tensors: TFLite's own weights, theory, and the rules for corner cases."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from coursekit.modeling.optimization.calibrators import MinMaxCalibrator, MSECalibrator, PercentileCalibrator
from coursekit.modeling.optimization.converting import convert
from coursekit.modeling.optimization.lite_model import interpreter
from coursekit.modeling.optimization.quantizing import quantize
from coursekit.modeling.optimization.ranges import Range
from coursekit.modeling.training import load_keras, reproducible

numbers = st.floats(-1e6, 1e6, width=32)
tensors = arrays(np.float64, array_shapes(min_dims=1, max_dims=3, max_side=6), elements=numbers)
layouts = st.sampled_from([{}, {"axis": 0}, {"axis": -1}, {"block": 1}, {"block": 4}])
kinds = st.fixed_dictionaries({"bits": st.integers(2, 16), "symmetric": st.booleans()})


# --- against TFLite ---------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def converted():
    """A float network with its samples, and its full-integer files per channel and per tensor, opened."""
    keras = load_keras()
    layers = keras.layers
    rng = np.random.default_rng(0)
    with reproducible(0):
        model = keras.Sequential(
            [
                layers.Conv2D(5, 3, activation="relu", input_shape=(8, 8, 2)),
                layers.DepthwiseConv2D(3),
                layers.Flatten(),
                layers.Dense(7),
            ]
        )
    for weight in model.weights:
        values = rng.normal(size=weight.shape).astype(np.float32)
        if weight.shape.rank > 1:
            # 127 and halves: the scale is exactly 1 / 127 of the channel's largest, and a rounding rule shows
            values = rng.integers(-253, 254, size=weight.shape).astype(np.float32) / 2
            values.reshape(-1)[: values.shape[-1] * 4] = 127.0
            values = values / 64
        weight.assign(values)
    samples = rng.normal(0.3, 1.0, size=(40, 8, 8, 2)).astype(np.float32)
    files = {name: convert(model, name, samples=samples) for name in ("int8", "int8 per tensor")}
    return model, samples, {name: interpreter(file.content, kernels="reference") for name, file in files.items()}


@pytest.mark.parametrize("precision", ["int8", "int8 per tensor"])
@pytest.mark.parametrize(
    ("layer", "order", "axis"),
    [(0, (3, 0, 1, 2), 0), (1, (3, 0, 1, 2), 3), (3, (1, 0), 0)],
    ids=["conv", "depthwise", "dense"],
)
def test_weights_are_those_of_tflite_to_the_bit(converted, precision, layer, order, axis):
    model, _, runners = converted
    weights = model.layers[layer].get_weights()[0]
    weights = weights.transpose(order)
    runner = runners[precision]
    (tensor,) = (
        entry
        for entry in runner.get_tensor_details()
        if entry["dtype"] == np.int8 and tuple(entry["shape"]) == weights.shape
    )
    told = tensor["quantization_parameters"]
    per_channel = precision == "int8"
    if per_channel:
        assert told["quantized_dimension"] == axis
    mine = quantize(weights, symmetric=True, axis=axis if per_channel else None)
    assert np.array_equal(mine.values, runner.get_tensor(tensor["index"]))
    assert np.array_equal(mine.scale.ravel().astype(np.float32), told["scales"])
    assert not told["zero_points"].any() and not mine.zero_point.any()


def test_the_weights_of_the_tflite_test_tell_roundings_apart(converted):
    steps = converted[0].layers[3].get_weights()[0].astype(float) * 64
    assert np.any(np.abs(steps) % 2 == 0.5), "half to even would round these down"


def test_an_activations_scale_and_zero_point_are_those_of_tflite(converted):
    _, samples, runners = converted
    told = runners["int8"].get_input_details()[0]["quantization_parameters"]
    calibrator = MinMaxCalibrator()
    for sample in samples:
        calibrator.update(sample)
    mine = quantize(samples, calibration=calibrator)
    assert told["scales"] == [np.float32(mine.scale)]
    assert told["zero_points"] == [mine.zero_point]


# --- theory -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("bits", [4, 6, 8, 10, 12])
def test_a_bit_is_worth_six_decibels_on_uniform_data(bits):
    """Uniform on [-1, 1]: signal 1/3, noise s^2 / 12 with s = 2 / (2^b - 1): 20 log10(2^b - 1) dB."""
    x = np.random.default_rng(0).uniform(-1, 1, 100_000)
    found = quantize(x, bits=bits).error().sqnr_db
    # means over n values have a relative deviation below 1 / sqrt(n): 0.014 dB each; 5 of both, and the edges' levels
    assert found == pytest.approx(20 * math.log10(2**bits - 1), abs=0.1 + 20 / math.log(10) / 2**bits)


@given(tensors, kinds, layouts)
@settings(max_examples=200, deadline=None)
def test_errors_stay_within_half_a_step_and_nothing_is_clipped(x, kind, layout):
    q = quantize(x, **kind, **layout)
    scale = q._spread(q.scale)
    # a step is known to 2**-52 of itself, a value to 2**-52 of the largest, which is 2**15 steps at most
    assert np.all(np.abs(q.dequantize() - x) <= scale * (0.5 + 1e-9))
    assert q.error().clipped_share == 0


@given(tensors, kinds, layouts)
@settings(max_examples=200, deadline=None)
def test_zero_stays_exactly_zero_and_values_stay_on_their_grid(x, kind, layout):
    q = quantize(x, **kind, **layout)
    assert np.all(q.dequantize()[x == 0] == 0)
    top = 2 ** (kind["bits"] - 1) - 1
    bottom = -top if kind["symmetric"] else -top - 1
    assert q.values.min() >= bottom and q.values.max() <= top
    assert q.zero_point.min() >= bottom and q.zero_point.max() <= top
    assert np.all(q.scale > 0)
    assert q.values.dtype == (np.int8 if kind["bits"] <= 8 else np.int16)


@given(tensors, kinds, layouts)
@settings(max_examples=200, deadline=None)
def test_quantizing_what_was_dequantized_changes_nothing(x, kind, layout):
    first = quantize(x, **kind, **layout)
    second = quantize(first.dequantize(), **kind, **layout)
    # the new range ends on points of the old grid; scales may differ in their last digits
    assert np.allclose(second.dequantize(), first.dequantize(), rtol=1e-12, atol=0)


@given(tensors, st.integers(2, 16), layouts)
@settings(max_examples=100, deadline=None)
def test_symmetric_is_odd_and_scales_with_the_data(x, bits, layout):
    q = quantize(x, bits=bits, symmetric=True, **layout)
    assert np.array_equal(quantize(-x, bits=bits, symmetric=True, **layout).values, -q.values)
    assert np.array_equal(quantize(4 * x, bits=bits, symmetric=True, **layout).values, q.values)


@given(tensors, kinds, st.integers(0, 2))
@settings(max_examples=100, deadline=None)
def test_a_channel_or_block_is_quantized_as_if_alone(x, kind, axis):
    axis %= x.ndim
    q = quantize(x, **kind, axis=axis)
    for c in range(x.shape[axis]):
        alone = quantize(x.take(c, axis), **kind)
        assert np.array_equal(q.values.take(c, axis), alone.values)
        assert q.scale.ravel()[c] == alone.scale and q.zero_point.ravel()[c] == alone.zero_point
    blocks = quantize(x, **kind, block=4)
    for start in range(0, x.shape[-1], 4):
        each = quantize(x[..., start : start + 4].reshape(-1, min(4, x.shape[-1] - start)), **kind, axis=0)
        assert np.array_equal(blocks.values[..., start : start + 4].ravel(), each.values.ravel())
        assert np.array_equal(blocks.scale[..., start // 4].ravel(), each.scale.ravel())


# --- searches ---------------------------------------------------------------------------------------------------------
def _brute_force(x, bits, symmetric):
    """Smallest mean squared error over a dense grid of ranges, written anew without the library's grids."""
    top = 2 ** (bits - 1) - 1
    bottom = -top if symmetric else -top - 1
    if symmetric:
        pairs = [(-bound, bound) for bound in np.abs(x).max() * np.linspace(0.002, 1, 500)]
    else:
        ends = np.linspace(0.02, 1, 50)
        pairs = [(x.min() * f, x.max() * g) for f in ends for g in ends]
    errors = []
    for low, high in pairs:
        scale = (high - low) / (top - bottom)
        zero = 0 if symmetric else math.floor(bottom - low / scale + 0.5)
        levels = np.clip(np.floor(x / scale + 0.5) + zero, bottom, top) - zero
        errors.append(np.mean((x - levels * scale) ** 2))
    return min(errors)


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("bits", [2, 3, 4, 8])
@pytest.mark.parametrize("tails", ["normal", "heavy", "outlier"])
def test_the_mse_range_is_that_of_brute_force(tails, bits, symmetric):
    rng = np.random.default_rng(bits)
    for _ in range(5):
        x = rng.standard_t(2.5, size=400) if tails == "heavy" else rng.normal(size=400)
        x[0] = 15.0 if tails == "outlier" else x[0]
        # two grids that miss the best by 1% each miss its error by some percent (several valleys of one depth)
        q = quantize(x, bits=bits, symmetric=symmetric, calibration="mse")
        assert q.error().mse <= 1.1 * _brute_force(x, bits, symmetric)
        assert q.error().mse <= quantize(x, bits=bits, symmetric=symmetric).error().mse


@given(tensors, kinds, layouts)
@settings(max_examples=50, deadline=None)
def test_mse_never_loses_to_min_max(x, kind, layout):
    found, plain = (quantize(x, **kind, **layout, calibration=name) for name in ("mse", "minmax"))
    # the search sums squares: it cannot tell errors below 1e-12 of them apart
    assert found.error().mse <= plain.error().mse + 1e-12 * float(np.mean(x**2))


@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_at_four_bits_an_outlier_ruins_min_max_alone(seed, symmetric):
    rng = np.random.default_rng(seed)
    x = rng.standard_t(4, size=5_000)
    x[0] = 40.0

    def bulk(name):
        q = quantize(x, bits=4, symmetric=symmetric, calibration=name)
        return np.mean((q.original - q.dequantize())[1:] ** 2)

    losses = {name: bulk(name) for name in ("minmax", "percentile", "mse", "kl")}
    assert max(losses["percentile"], losses["mse"], losses["kl"]) < losses["minmax"] / 2, losses


@pytest.mark.parametrize("seed", range(3))
def test_a_thousandfold_outlier_is_withstood_by_percentile_and_entropy_not_by_squares(seed):
    x = np.maximum(np.random.default_rng(seed).normal(size=5_000), 0)
    x[0] = 1000.0

    def bulk(name):
        q = quantize(x, bits=4, calibration=name)
        return np.mean((q.original - q.dequantize())[1:] ** 2)

    signal = np.mean(x[1:] ** 2)
    assert bulk("minmax") == pytest.approx(signal)  # everybody else is 0
    assert bulk("mse") == pytest.approx(signal)
    assert bulk("percentile") < signal / 50
    assert bulk("kl") < signal / 50


# --- the rules --------------------------------------------------------------------------------------------------------
def test_halves_go_away_from_zero():
    x = [-7.0, -2.5, -0.5, 0.5, 1.5, 2.5, 7.0]
    assert quantize(x, bits=4, symmetric=True).values.tolist() == [-7, -3, -1, 1, 2, 3, 7]


@pytest.mark.parametrize("symmetric", [True, False])
def test_an_all_zero_channel_has_scale_one_and_harms_nobody(symmetric):
    x = np.array([[0.0, 0.0], [1.0, -3.0], [1e-320, 0.0]])
    q = quantize(x, symmetric=symmetric, axis=0)
    assert q.scale[[0, 2]].ravel().tolist() == [1, 1] and q.zero_point[[0, 2]].ravel().tolist() == [0, 0]
    assert not q.dequantize()[0].any()
    assert q.dequantize()[1] == pytest.approx([1, -3], abs=0.02)
    alone = quantize(np.zeros(3), symmetric=symmetric, calibration="kl").error()
    assert (alone.mse, alone.max_error, alone.sqnr_db, alone.clipped_share) == (0, 0, math.inf, 0)


@pytest.mark.parametrize(("value", "zero_point"), [(5.0, -128), (-5.0, 127)])
def test_a_range_without_zero_is_extended_to_it(value, zero_point):
    q = quantize([value, value * 1.2])
    assert q.zero_point == zero_point and q.scale == pytest.approx(6 / 255)
    constant = quantize(np.full(4, value))
    assert constant.dequantize() == pytest.approx([value] * 4, rel=1e-15)


def test_layouts_and_their_bytes():
    x = np.random.default_rng(0).normal(size=(3, 5, 70))
    tensor, channel = quantize(x, bits=4), quantize(x, bits=4, axis=-1, symmetric=True)
    block = quantize(x, bits=3, block=32)
    assert tensor.scale.shape == () and channel.scale.shape == (1, 1, 70) and block.scale.shape == (3, 5, 3)
    assert channel.axis == 2
    assert tensor.nbytes == 525 + 4 + 1
    assert channel.nbytes == 525 + 4 * 70
    assert block.nbytes == 394 + 45 * 5  # 1050 values of 3 bits are 393.75 bytes
    assert quantize(x, bits=12).nbytes == 1575 + 4 + 2
    assert repr(block).count("\n") == 0


def test_whole_numbers_and_small_floats_are_converted_and_nothing_is_changed():
    x = np.array([[-3, 0, 7]], np.int32)
    q = quantize(x, bits=4, symmetric=True)
    assert q.values.tolist() == x.tolist() and q.original.dtype == np.float64
    half = np.array([0.5, 1.0], np.float16)
    assert quantize(half).original.tolist() == [0.5, 1.0]
    floats = np.array([1.0, 2.0])
    kept = quantize(floats)
    floats[0] = 99
    assert kept.original.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("size", [1e308, 1e-200])
@pytest.mark.parametrize("calibration", ["minmax", "percentile", "mse", "kl"])
def test_very_large_and_very_small_numbers(size, calibration):
    x = size * np.linspace(-1, 1, 1001)
    q = quantize(x, calibration=calibration)
    assert q.error().sqnr_db > 35  # 48 dB for min-max; percentile clips 1 in 1000
    assert np.all(np.isfinite(q.dequantize()))


def test_a_range_from_elsewhere_clips():
    x = np.linspace(-2, 2, 401)
    q = quantize(x, calibration=Range(-1.0, 1.0))
    error = q.error()
    # 99 of 401 values lie beyond 1 + s / 2 on each side, one more or fewer by the nudge
    assert error.clipped_share == pytest.approx(2 * 99.5 / 401, abs=2 / 401)
    assert error.max_error == pytest.approx(1.0, abs=float(q.scale))
    assert error.mse == pytest.approx(np.mean((x - q.dequantize()) ** 2))
    watched = PercentileCalibrator(100).update([-1.0, 1.0])
    assert np.array_equal(quantize(x, calibration=watched).values, q.values)
    assert np.array_equal(quantize(x, calibration=MSECalibrator()).values, quantize(x, calibration="mse").values)


def test_narrow_range_can_be_chosen():
    x = np.linspace(-1, 1, 1001)
    assert quantize(x, narrow_range=True).values.min() == -127
    wide = quantize(x, symmetric=True, narrow_range=False, calibration=Range(-0.5, 0.5))
    assert wide.values.min() == -128 and wide.zero_point == 0


def test_nan_and_infinity_are_counted_and_located():
    x = np.zeros((4, 5))
    x[2, 3], x[3, 0] = np.nan, np.inf
    with pytest.raises(ValueError, match=r"2 of 20 values.*\(nan\) at index \(2, 3\)"):
        quantize(x)
    with pytest.raises(ValueError, match=r"1 of 2 values.*\(inf\) at index 1"):
        quantize([0.0, np.inf])


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"bits": 1}, "bits must be a whole number of at least 2"),
        ({"bits": 17}, "bits must be a whole number of at most 16"),
        ({"bits": 4.5}, "bits must be a whole number"),
        ({"axis": 2}, "axis must lie between -2 and 1"),
        ({"axis": -3}, "axis must lie between -2 and 1"),
        ({"axis": 0, "block": 2}, "axis and block exclude each other"),
        ({"block": 0}, "block must be a whole number of at least 1"),
        ({"block": 2, "calibration": "kl"}, "use 'mse'"),
        ({"calibration": "best"}, "calibration must be one of minmax, percentile, mse, kl"),
        ({"axis": 0, "calibration": Range(-1, 1)}, "one range for the whole tensor"),
        ({"block": 2, "calibration": MinMaxCalibrator().update([1.0])}, "one range for the whole tensor"),
    ],
)
def test_what_does_not_fit_is_said(options, said):
    with pytest.raises(ValueError, match=said):
        quantize(np.ones((3, 4)), **options)


def test_what_is_no_tensor_is_said():
    for empty in ([], np.zeros((3, 0))):
        with pytest.raises(ValueError, match="is empty"):
            quantize(empty, block=4)
    with pytest.raises(ValueError, match="real numbers"):
        quantize(["a"])
    with pytest.raises(ValueError, match="single number"):
        quantize(1.0, axis=0)
    with pytest.raises(ValueError, match="single number"):
        quantize(1.0, block=2)
    assert quantize(2.0).dequantize() == 2.0
