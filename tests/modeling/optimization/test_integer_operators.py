"""Does each operator of the integer engine give LiteRT's bits, on random models that the format allows?

LiteRT is the oracle and nothing is rounded away: one differing value in one output fails. Models are drawn where
rounding shows: multipliers beside 1 and beside powers of two, scales that are powers of two (halves are frequent),
zero points at the ends of int8, outputs that saturate.
"""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coursekit.modeling.optimization import IntegerModel
from coursekit.modeling.optimization.integer_model import BACKENDS, ROUNDINGS
from coursekit.modeling.optimization.lite_model import interpreter
from tests.modeling.optimization.tflite_files import ACTIVATIONS, PADDINGS, Network, Scale


def litert(content: bytes, x: np.ndarray, kernels: str) -> np.ndarray:
    """What LiteRT gives for a batch."""
    runner = interpreter(content, kernels=kernels, batch=len(x))
    runner.set_tensor(runner.get_input_details()[0]["index"], x)
    runner.invoke()
    return runner.get_tensor(runner.get_output_details()[0]["index"])


def compare(content: bytes, x: np.ndarray, roundings: tuple[str, ...] = ROUNDINGS) -> None:
    for rounding in roundings:
        wanted = litert(content, x, rounding)
        for backend in BACKENDS:
            got = IntegerModel.from_tflite(content, rounding=rounding, backend=backend).predict(x)
            assert got.dtype == wanted.dtype
            np.testing.assert_array_equal(got, wanted, err_msg=f"{rounding}, {backend}")


# --- what models are drawn from -------------------------------------------------------------------------------------

ones_neighbours = [1.0, np.nextafter(np.float32(1), np.float32(0)), np.nextafter(np.float32(1), np.float32(2))]
multipliers = st.one_of(
    st.sampled_from([*map(float, ones_neighbours), 0.5, 0.25, 0.125, 2.0**-6, 2.0**-9, 2.0**-16, 2.0**-24, 2.0, 4.0]),
    st.floats(-5, 0.6).map(lambda power: float(10**power)),
)
steps = st.one_of(
    st.integers(-10, 0).map(lambda power: 2.0**power),
    st.floats(-4, 0).map(lambda power: float(np.float32(10**power))),
)
zeros = st.one_of(st.sampled_from([-128, 127, 0, -1]), st.integers(-128, 127))
scales = st.builds(Scale, steps, zeros)
generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)
sizes, batches = st.integers(1, 9), st.integers(1, 3)
# vector units take 8, 16 or 32 values at once, and round the rest by other instructions
channels = st.one_of(st.integers(1, 9), st.sampled_from([16, 17, 24, 32, 37]))
activations, paddings = st.sampled_from(ACTIVATIONS), st.sampled_from(PADDINGS)
pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))


def whole(rng: np.random.Generator, shape: tuple[int, ...], kind: str) -> np.ndarray:
    """Random int8 values: any of them, the two ends only, or few of them."""
    if kind == "ends":
        return rng.choice(np.array([-128, 127], np.int8), shape)
    low, high = (-3, 4) if kind == "few" else (-128, 128)
    return rng.integers(low, high, shape).astype(np.int8)


values = st.sampled_from(["any", "any", "any", "ends", "few"])


@st.composite
def weights(draw, rng, shape, axis, entry, *, biased=False):
    """Weights, their steps, the output's scale and a bias or none."""
    data = whole(rng, shape, draw(values))
    step, many = draw(steps), draw(st.booleans())
    scaled = np.full(shape[axis] if many else 1, step, np.float32)
    if many and draw(st.booleans()):
        scaled *= 2.0 ** rng.integers(-6, 1, len(scaled)) if draw(st.booleans()) else rng.uniform(0.01, 1, len(scaled))
    out = Scale(float(np.float32(entry.step) * scaled.max() / np.float32(draw(multipliers))), draw(zeros))
    # the sums stay under 2**23 and the multipliers under 2**4: int32 holds what LiteRT shifts left before it multiplies
    reach = draw(st.sampled_from([0, 1, 100, 10_000, 1_000_000]))
    bias = rng.integers(-reach, reach + 1, shape[axis]).astype(np.int32) if reach or biased else None
    return data, scaled, out, bias


@st.composite
def windows(draw, *, dilated):
    """Height and width of a picture, a window that fits it, stride, dilation and padding."""
    height, width, padding = draw(sizes), draw(sizes), draw(paddings)
    dilation = draw(pairs) if dilated and draw(st.booleans()) else (1, 1)
    window = draw(st.tuples(st.integers(1, 4), st.integers(1, 4)))
    if padding == "VALID":
        height, width = (max(a, (b - 1) * c + 1) for a, b, c in zip((height, width), window, dilation, strict=True))
    return height, width, window, draw(pairs), dilation, padding


@st.composite
def convolutions(draw):
    rng, entry = draw(generators), draw(scales)
    height, width, window, stride, dilation, padding = draw(windows(dilated=True))
    shape = (height, width, draw(channels))
    network = Network((1, *shape), entry)
    data, scaled, out, bias = draw(weights(rng, (draw(channels), *window, shape[2]), 0, entry, biased=True))
    more = {"bias": bias, "stride": stride, "dilation": dilation, "padding": padding, "activation": draw(activations)}
    made = network.convolution(network.entry, data, scaled, out, **more)
    return network.write(made), whole(rng, (draw(batches), *shape), draw(values))


@st.composite
def depthwise(draw):
    rng, entry = draw(generators), draw(scales)
    height, width, window, stride, dilation, padding = draw(windows(dilated=True))
    shape = (height, width, draw(channels))
    network = Network((1, *shape), entry)
    out_channels = shape[2] * draw(st.sampled_from([1, 1, 2, 3]))
    data, scaled, out, bias = draw(weights(rng, (1, *window, out_channels), 3, entry, biased=True))
    more = {"bias": bias, "stride": stride, "dilation": dilation, "padding": padding, "activation": draw(activations)}
    made = network.depthwise(network.entry, data, scaled, out, **more)
    return network.write(made), whole(rng, (draw(batches), *shape), draw(values))


@st.composite
def dense(draw):
    rng, entry = draw(generators), draw(scales)
    keep = draw(st.booleans())
    shape = draw(st.sampled_from([(7,), (33,), (2, 3), (2, 2, 5)]))
    network = Network((1, *shape), entry)
    inside = shape[-1] if keep else int(np.prod(shape))
    data, scaled, out, bias = draw(weights(rng, (draw(channels), inside), 0, entry))
    made = network.dense(network.entry, data, scaled, out, bias=bias, activation=draw(activations), keep=keep)
    return network.write(made), whole(rng, (draw(batches), *shape), draw(values))


@st.composite
def poolings(draw, kind):
    rng, entry = draw(generators), draw(scales)
    height, width, window, stride, _, padding = draw(windows(dilated=False))
    shape = (height, width, draw(channels))
    network = Network((1, *shape), entry)
    more = {"stride": stride, "padding": padding, "activation": draw(activations)}
    made = network.pooling(kind, network.entry, window, entry, **more)
    return network.write(made), whole(rng, (draw(batches), *shape), draw(values))


@st.composite
def means(draw):
    rng, entry = draw(generators), draw(scales)
    shape = draw(st.one_of(st.lists(st.integers(1, 7), min_size=1, max_size=3), st.tuples(sizes, sizes, channels)))
    axes = draw(st.one_of(st.sets(st.integers(1, len(shape)), min_size=1).map(sorted), st.just(range(1, len(shape)))))
    axes = [axis - draw(st.sampled_from([0, len(shape) + 1])) for axis in axes] or [1]
    axes = tuple(reversed(axes) if draw(st.booleans()) else axes)
    network, shape = Network((1, *shape), entry), tuple(shape)
    out = draw(st.one_of(st.just(entry), st.builds(Scale, multipliers.map(lambda m: entry.step / m), zeros)))
    made = network.mean(network.entry, axes, out, keep=draw(st.booleans()))
    return network.write(made), whole(rng, (draw(batches), *shape), draw(values))


@st.composite
def sums(draw):
    rng, entry, out = draw(generators), draw(scales), draw(scales)
    shape = draw(st.sampled_from([(5,), (3, 4), (3, 2, 4), (1, 1, 6), (37,), (5, 20), (2, 3, 16)]))
    network = Network((1, *shape), entry)
    other_shape = draw(st.sampled_from([(1, *shape), shape, shape[-1:], (1,), (1,) * (len(shape) + 1)]))
    other = network.constant(whole(rng, other_shape, draw(values)), draw(scales))
    sides = (network.entry, other) if draw(st.booleans()) else (other, network.entry)
    made = network.add(*sides, out, activation=draw(activations))
    return network.write(made), whole(rng, (draw(batches), *shape), draw(values))


@st.composite
def residual_sums(draw):
    """Two inputs of ADD that both vary: the entry, and the entry in another scale or as one mean a channel."""
    rng, entry, other, out = draw(generators), draw(scales), draw(scales), draw(scales)
    shape = (3, 2, draw(channels))
    network = Network((1, *shape), entry)
    branch = draw(st.sampled_from(["itself", "in another scale", "one a channel"]))
    varying = network.entry
    if branch == "in another scale":
        varying = network.one_to_one("QUANTIZE", varying, other)
    if branch == "one a channel":
        varying = network.mean(varying, (1, 2), other, keep=True)
    sides = (network.entry, varying) if draw(st.booleans()) else (varying, network.entry)
    made = network.add(*sides, out, activation=draw(activations))
    return network.write(made), whole(rng, (draw(batches), *shape), draw(values))


@st.composite
def reshapes(draw):
    rng, entry = draw(generators), draw(scales)
    shape, new = draw(
        st.sampled_from([((2, 3, 4), (-1, 24)), ((24,), (-1, 2, 3, 4)), ((4, 6), (-1, 6, 4, 1)), ((5,), (-1, 1, 5))])
    )
    network = Network((1, *shape), entry)
    made = network.reshape(network.entry, new, entry, by_option=draw(st.booleans()))
    return network.write(made), whole(rng, (draw(batches), *shape), draw(values))


@st.composite
def pads(draw, kind):
    rng, entry = draw(generators), draw(scales)
    shape = draw(st.lists(st.integers(1, 5), min_size=1, max_size=3).map(tuple))
    widths = rng.integers(0, 4, (len(shape) + 1, 2)).astype(draw(st.sampled_from([np.int32, np.int64])))
    widths[0] = 0
    network = Network((1, *shape), entry)
    value = draw(st.integers(-128, 127)) if kind == "PADV2" else None
    made = network.pad(network.entry, widths, entry, value=value)
    return network.write(made), whole(rng, (draw(batches), *shape), draw(values))


@st.composite
def one_to_ones(draw, kind):
    rng, entry = draw(generators), draw(scales)
    shape = draw(st.sampled_from([(60,), (3, 20), (3, 4, 5)]))
    network = Network((1, *shape), entry)
    out = draw(st.one_of(st.just(entry), st.builds(Scale, multipliers.map(lambda m: entry.step / m), zeros)))
    made = network.one_to_one(kind, network.entry, out)
    return network.write(made), whole(rng, (draw(batches), *shape), draw(values))


@st.composite
def softmaxes(draw):
    rng, close = draw(generators), st.floats(-2.7, -0.7).map(lambda power: float(np.float32(10**power)))
    entry = Scale(draw(st.one_of(steps, close)), draw(zeros))  # close: no class has nearly all of the probability
    classes = draw(st.one_of(st.integers(2, 20), st.integers(2, 1000)))
    shape = draw(st.sampled_from([(classes,), (2, classes), (2, 1, classes)]))
    network = Network((1, *shape), entry)
    beta = draw(st.sampled_from([1.0, 1.0, 0.5, 0.1, 2.0, 10.0, 0.7]))
    made = network.one_to_one("SOFTMAX", network.entry, Scale(1 / 256, -128), beta=beta)
    x = whole(rng, (30, *shape), draw(values))
    sums = np.exp((x - x.max(-1, keepdims=True).astype(float)) * entry.step * beta).sum(-1)
    # LiteRT's reference kernel shifts by one bit for each doubling of the sum, and stops the process at 2**9
    return network.write(made), x, ROUNDINGS if sums.max() < 511 else ("builtin",)


@st.composite
def from_floats(draw):
    """QUANTIZE of floats: any, halves between two steps and their neighbours, and values out of range."""
    rng, out = draw(generators), draw(scales)
    network = Network((1, 200), None, dtype="float32")
    made = network.one_to_one("QUANTIZE", network.entry, out)
    step = np.float32(out.step)
    halves = ((rng.integers(-300, 300, (draw(batches), 200)) + 0.5) * step).astype(np.float32)
    near = np.nextafter(halves, np.where(rng.random(halves.shape) < 0.5, -np.inf, np.inf).astype(np.float32))
    anywhere = (rng.normal(0, 100, halves.shape) * step).astype(np.float32)
    far = (rng.choice([-1e6, 1e6], halves.shape) * step).astype(np.float32)
    x = np.choose(rng.choice(4, halves.shape, p=[0.3, 0.3, 0.35, 0.05]), [halves, near, anywhere, far])
    return network.write(made), x.astype(np.float32)


@st.composite
def to_floats(draw):
    rng, entry, middle = draw(generators), draw(scales), draw(scales)
    network = Network((1, 60), entry)
    inside = network.one_to_one("QUANTIZE", network.entry, middle)
    made = network.one_to_one("DEQUANTIZE", inside, None, dtype="float32")
    return network.write(made), whole(rng, (draw(batches), 60), draw(values))


@st.composite
def chains(draw):
    """A little network: every kind of operator once, each behind another."""
    rng, entry, wide = draw(generators), draw(scales), draw(st.integers(2, 5))
    network = Network((1, 8, 8, 3), entry)

    def next_scale(low=0.02, high=0.2):
        return Scale(float(np.float32(rng.uniform(low, high))), int(rng.integers(-128, 128)))

    def kernel(*shape):
        return rng.integers(-127, 128, shape).astype(np.int8), rng.uniform(0.001, 0.01, shape[0]).astype(np.float32)

    first = next_scale()
    x = network.pad(network.entry, np.array([[0, 0], [1, 1], [1, 0], [0, 0]], np.int32), entry)
    bias = rng.integers(-2000, 2000, wide).astype(np.int32)
    x = network.convolution(x, *kernel(wide, 3, 3, 3), first, bias=bias, padding="VALID", activation="RELU6")
    x = network.pooling("MAX_POOL_2D", x, (2, 2), first, stride=(2, 2))
    weight = rng.integers(-127, 128, (1, 3, 3, wide)).astype(np.int8)
    branch = network.depthwise(x, weight, rng.uniform(0.001, 0.01, wide), next_scale(), bias=bias, activation="RELU")
    x = network.add(x, branch, next_scale(), activation=draw(activations))
    x = network.one_to_one("RELU", x, next_scale())
    x = network.mean(x, (1, 2), next_scale())
    bias = rng.integers(-2000, 2000, 6).astype(np.int32)
    x = network.dense(x, *kernel(6, wide), next_scale(), bias=bias)
    x = network.one_to_one("SOFTMAX", x, Scale(1 / 256, -128), beta=1.0)
    return network.write(x), whole(rng, (draw(batches), 8, 8, 3), draw(values))


CASES = {
    "CONV_2D": convolutions(),
    "DEPTHWISE_CONV_2D": depthwise(),
    "FULLY_CONNECTED": dense(),
    "MAX_POOL_2D": poolings("MAX_POOL_2D"),
    "AVERAGE_POOL_2D": poolings("AVERAGE_POOL_2D"),
    "MEAN": means(),
    "ADD of a constant": sums(),
    "ADD of two inputs": residual_sums(),
    "RESHAPE": reshapes(),
    "PAD": pads("PAD"),
    "PADV2": pads("PADV2"),
    "RELU": one_to_ones("RELU"),
    "RELU6": one_to_ones("RELU6"),
    "SOFTMAX": softmaxes(),
    "QUANTIZE of floats": from_floats(),
    "QUANTIZE of int8": one_to_ones("QUANTIZE"),
    "DEQUANTIZE": to_floats(),
    "a chain of all": chains(),
}


def check(strategy, examples: int) -> None:
    @settings(
        max_examples=examples, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(strategy)
    def holds(case):
        compare(*case)

    holds()


@pytest.mark.parametrize("kind", CASES)
def test_each_bit_equals_litert(kind):
    check(CASES[kind], 30)


@pytest.mark.slow
@pytest.mark.parametrize("kind", CASES)
def test_each_bit_equals_litert_on_many_models(kind):
    check(CASES[kind], 2_000)


# --- what the random models rest on ---------------------------------------------------------------------------------


def halves(kind: str) -> tuple[bytes, np.ndarray]:
    """A model in which every second or fourth answer is a half before rounding, below zero as well as above."""
    rng = np.random.default_rng(0)
    entry, out = Scale(1.0), Scale(4.0)
    x = rng.integers(-128, 128, (2, 3, 3, 10)).astype(np.int8)
    network = Network((1, 3, 3, 10), entry)
    bias = np.zeros(10, np.int32)
    made = {
        "CONV_2D": lambda: network.convolution(
            network.entry, np.eye(10, dtype=np.int8).reshape(10, 1, 1, 10), [1.0], out, bias=bias
        ),
        "DEPTHWISE_CONV_2D": lambda: network.depthwise(
            network.entry, np.ones((1, 1, 1, 10), np.int8), [1.0], out, bias=bias
        ),
        "FULLY_CONNECTED": lambda: network.dense(
            network.entry, np.eye(10, dtype=np.int8), [1.0], out, bias=bias, keep=True
        ),
        "ADD": lambda: network.add(network.entry, network.constant(np.zeros(10, np.int8), Scale(4.0)), out),
        "MEAN": lambda: network.mean(network.entry, (1, 2), Scale(0.13, 7), keep=True),
        "QUANTIZE": lambda: network.one_to_one("QUANTIZE", network.entry, out),
    }[kind]()
    return network.write(made), x


@pytest.mark.parametrize("kind", ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "QUANTIZE"])
def test_halves_tell_the_two_runtimes_apart(kind):
    # else a right answer above would not need the right rounding
    content, x = halves(kind)
    compare(content, x)
    one, other = (IntegerModel.from_tflite(content, rounding=rounding).predict(x) for rounding in ROUNDINGS)
    assert (one != other).mean() > 0.05


def test_the_built_in_kernels_round_the_rest_of_a_block_otherwise():
    # 2 * 90 values in blocks of 16: the last 4 are rounded one by one, halves away from zero as in the reference
    content, x = halves("QUANTIZE")
    one, other = (IntegerModel.from_tflite(content, rounding=rounding).predict(x).ravel() for rounding in ROUNDINGS)
    assert (one[:176] != other[:176]).any()
    np.testing.assert_array_equal(one[176:], other[176:])
    # and of eight channels together, for a depthwise convolution
    content, x = halves("DEPTHWISE_CONV_2D")
    one, other = (IntegerModel.from_tflite(content, rounding=rounding).predict(x) for rounding in ROUNDINGS)
    assert (one[..., :8] != other[..., :8]).any()
    np.testing.assert_array_equal(one[..., 8:], other[..., 8:])


@pytest.mark.parametrize("kind", ["ADD", "QUANTIZE", "MEAN"])
def test_a_batch_beyond_the_engines_own_gives_what_one_call_gives(kind):
    # 131 examples are two of the engine's batches of 64 and a rest; blocks must go on where one batch ends
    content, x = halves(kind)
    compare(content, np.random.default_rng(1).integers(-128, 128, (131, *x.shape[1:])).astype(np.int8))


def test_a_sum_far_out_of_range_wraps_where_the_built_in_kernel_wraps():
    # it narrows to int16 without saturation: 208 / (1 / 256) is 53,248 and comes out at the wrong end
    network = Network((1, 1, 1, 8), Scale(0.001))
    other = network.constant(np.array([80], np.int8), Scale(1.0, -128))
    content = network.write(network.add(network.entry, other, Scale(1 / 256, -1)))
    x = np.zeros((2, 1, 1, 8), np.int8)
    compare(content, x)
    answers = {r: set(IntegerModel.from_tflite(content, rounding=r).predict(x).ravel().tolist()) for r in ROUNDINGS}
    assert answers == {"reference": {127}, "builtin": {-128}}


@pytest.mark.parametrize("rounding", ROUNDINGS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_convolution_without_a_bias_is_one_with_zeros(rounding, backend):
    # LiteRT asks for a bias (its built-in depthwise kernel even reads one that is not there)
    rng = np.random.default_rng(0)
    weight, x = rng.integers(-127, 128, (4, 3, 3, 4)).astype(np.int8), whole(rng, (2, 5, 5, 4), "any")
    answers = []
    for bias in (None, np.zeros(4, np.int32)):
        network = Network((1, 5, 5, 4), Scale(0.1, 5))
        inside = network.convolution(network.entry, weight, [0.01], Scale(0.5, 3), bias=bias)
        made = network.depthwise(inside, weight[:1], [0.01], Scale(0.5, 3), bias=bias)
        answers.append(IntegerModel.from_tflite(network.write(made), rounding=rounding, backend=backend).predict(x))
    np.testing.assert_array_equal(*answers)


def test_one_scale_for_all_weights_is_multiplied_in_float32_by_the_built_in_dense_layer():
    # 0.1 * 0.1 / 0.01 lies beside 1/8 in float64 and is 1/8 in float32: halves go another way
    entry = np.float32(0.1)
    network = Network((1, 5), Scale(float(entry)))
    made = network.dense(network.entry, np.eye(5, dtype=np.int8), [0.1], Scale(float(entry * entry * np.float32(8))))
    x = np.arange(-125, 125).reshape(50, 5).astype(np.int8)
    compare(network.write(made), x)


@pytest.mark.slow
def test_softmax_from_a_table_of_floats_equals_litert_on_ten_million_values():
    # numpy's exp of float32 is off in the last place in 4 of 10 entries, which shows in one answer of five million
    rng = np.random.default_rng(1)
    for _ in range(60):
        classes, step = int(rng.choice([2, 3, 5, 10, 20, 100])), float(np.float32(10 ** rng.uniform(-2.5, -0.3)))
        network = Network((1, classes), Scale(step))
        content = network.write(network.one_to_one("SOFTMAX", network.entry, Scale(1 / 256, -128), beta=1.0))
        x = rng.integers(-128, 128, (20_000, classes)).astype(np.int8)
        got = IntegerModel.from_tflite(content, rounding="builtin").predict(x)
        np.testing.assert_array_equal(got, litert(content, x, "builtin"))
