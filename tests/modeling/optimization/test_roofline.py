"""Counting of work against shapes and brute force, and the bound against its formula."""

import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.cases.inspection import shipped_model
from coursekit.modeling.optimization import _counting
from coursekit.modeling.optimization._probing import PRODUCTS, product_file
from coursekit.modeling.optimization._tflite import Graph, Operator, Tensor, read_graph
from coursekit.modeling.optimization.lite_model import LiteModel, interpreter
from coursekit.modeling.optimization.roofline import Machine, Work, count_work, measure_machine
from tests.modeling.optimization.tflite_files import Network, Scale

ONE = Scale(1.0)
MACHINE = Machine(100.0, 400.0, np.array([1_000, 100_000]), np.array([50.0, 10.0]))


def ones(*shape):
    return np.ones(shape, np.int8)


def multiplied(graph, operator):
    """Multiply-adds by going through every output and every tap, the oracle of the products of shapes."""
    x, w = (graph.tensors[index].shape for index in operator.inputs[:2])
    out = graph.tensors[operator.outputs[0]].shape
    count = 0
    for _ in np.ndindex(*out):
        if operator.kind == "CONV_2D":
            count += sum(1 for _ in np.ndindex(w[1], w[2], x[3]))
        elif operator.kind == "DEPTHWISE_CONV_2D":
            count += sum(1 for _ in np.ndindex(w[1], w[2]))
        else:
            count += w[1]
    return count


def test_multiply_adds_are_taps_times_outputs():
    net = Network((1, 7, 6, 3), ONE)
    x = net.convolution(net.entry, ones(4, 3, 2, 3), np.ones(4), ONE, stride=(2, 1))
    x = net.depthwise(x, ones(1, 2, 3, 8), np.ones(8), ONE, padding="VALID")
    x = net.reshape(x, (1, -1), ONE)
    x = net.dense(x, ones(5, net.shape(x)[1]), np.ones(5), ONE, bias=np.zeros(5, np.int32))
    content = net.write(net.one_to_one("SOFTMAX", x, Scale(1 / 256, -128), beta=1.0))
    graph, layers = read_graph(content), count_work(content).layers
    for operator, macs in zip(graph.operators, layers["macs"], strict=True):
        weighted = operator.kind in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
        assert macs == (multiplied(graph, operator) if weighted else 0)
    # Keras' own rule, written out: 4x6 outputs of 4 filters of 3x2x3
    assert layers["macs"][0] == 4 * 6 * 4 * 18
    assert layers["integer"].tolist() == [True, True, False, True, False]


def test_bytes_are_read_and_written_once_and_a_reshape_moves_none():
    net = Network((1, 4, 4, 2), ONE)
    x = net.convolution(net.entry, ones(3, 1, 1, 2), np.ones(3), ONE, bias=np.zeros(3, np.int32))
    content = net.write(net.dense(net.reshape(x, (1, 48), ONE), ones(5, 48), np.ones(5), ONE))
    layers = count_work(content).to_frame()
    assert layers["weight_bytes"].tolist() == [3 * 2 + 3 * 4, 0, 5 * 48]
    assert layers["input_bytes"].tolist() == [32, 0, 48]
    assert layers["output_bytes"].tolist() == [48, 0, 5]
    assert layers["moved_bytes"].sum() == count_work(content).moved_bytes
    assert layers["intensity"][1] == 0


def test_float_and_int8_do_the_same_work_in_a_quarter_of_the_bytes():
    floats, integers = (count_work(shipped_model(kind)) for kind in ("float32", "int8"))
    assert floats.macs == integers.macs == integers.integer_macs
    assert floats.integer_macs == 0
    biases = 4 * (16 + 16 + 24 + 24 + 48 + 2)  # int32 as large as float32
    assert floats.moved_bytes - biases == 4 * (integers.moved_bytes - biases)
    assert floats.arena_bytes == 4 * integers.arena_bytes
    # by hand: the first convolution's 24x24x16 output beside the second's, and the 48x48 picture that is kept
    assert integers.arena_bytes == 2 * 24 * 24 * 16 + 48 * 48
    assert integers.peak_bytes == len(shipped_model("int8")) + integers.arena_bytes


def tensor(index, shape, kind="INT8", data=None):
    return Tensor(index, f"t{index}", shape, kind, np.zeros(0, np.float32), np.zeros(0, np.int64), 0, data)


def brute_force_arena(graph):
    """At each operator: which bytes were written before or now and are still read now, later or at the end."""
    fixed = {t.index for t in graph.tensors if t.is_constant}
    owner = list(range(len(graph.tensors)))
    for operator in graph.operators:
        if operator.kind == "RESHAPE":
            owner[operator.outputs[0]] = owner[operator.inputs[0]]
    peak = 0
    for now in range(len(graph.operators)):
        alive = set(graph.inputs)
        for index in range(len(graph.tensors)):
            group = [i for i in range(len(owner)) if owner[i] == owner[index]]
            written = any(set(operator.outputs) & set(group) for operator in graph.operators[: now + 1])
            read = any(set(operator.inputs) & set(group) for operator in graph.operators[now:])
            written_now = bool(set(graph.operators[now].outputs) & set(group))
            if owner[index] not in fixed and written and (read or written_now or set(graph.outputs) & set(group)):
                alive.add(owner[index])
        peak = max(peak, sum(graph.tensors[index].nbytes for index in alive))
    return peak


@given(st.data())
def test_the_arena_is_the_worst_moment_by_brute_force(data):
    """Random graphs with branches, views, constants and several outputs."""
    tensors, operators = [tensor(0, (data.draw(st.integers(1, 50)),))], []
    constant = tensor(1, (7,), data=np.zeros(7, np.int8))
    tensors.append(constant)
    for _ in range(data.draw(st.integers(1, 8))):
        known = [t.index for t in tensors if not t.is_constant]
        sources = data.draw(st.lists(st.sampled_from(known), min_size=1, max_size=3))
        view = data.draw(st.booleans())
        shape = tensors[sources[0]].shape if view else (data.draw(st.integers(1, 50)),)
        tensors.append(tensor(len(tensors), shape))
        inputs = (sources[0], 1) if view else (*sources, 1, -1)
        operators.append(Operator("RESHAPE" if view else "ADD", inputs, (tensors[-1].index,)))
    outputs = {operators[-1].outputs[0], data.draw(st.sampled_from([o.outputs[0] for o in operators]))}
    graph = Graph(tuple(tensors), tuple(operators), (0,), tuple(outputs))
    assert _counting.arena_bytes(graph) == brute_force_arena(graph)


def test_weights_that_are_widened_at_loading_save_a_download_and_no_memory():
    half = tensor(1, (5, 8), "FLOAT16", np.zeros((5, 8), np.float16))
    tensors = (tensor(0, (1, 8), "FLOAT32"), half, tensor(2, (5, 8), "FLOAT32"), tensor(3, (1, 5), "FLOAT32"))
    operators = (Operator("DEQUANTIZE", (1,), (2,)), Operator("FULLY_CONNECTED", (0, 2, -1), (3,)))
    graph = Graph(tensors, operators, (0,), (3,))
    layers = _counting.count(graph)
    assert layers["once"].tolist() == [True, False]
    assert layers["weight_bytes"].tolist() == [0, 4 * 40]
    assert layers["macs"].tolist() == [0, 40]
    assert not layers["integer"].any()
    assert (_counting.loaded_bytes(graph), _counting.arena_bytes(graph)) == (160, 4 * (8 + 5))


def test_a_lookup_reads_its_rows_and_packed_weights_their_bits():
    table = tensor(1, (1000, 16), data=np.zeros((1000, 16), np.int8))
    packed = tensor(3, (4, 16), "INT4", np.zeros(32, np.uint8))
    tensors = (tensor(0, (3,), "INT32"), table, tensor(2, (3, 16)), packed, tensor(4, (3, 4)))
    operators = (Operator("GATHER", (1, 0), (2,)), Operator("FULLY_CONNECTED", (2, 3, -1), (4,)))
    layers = _counting.count(Graph(tensors, operators, (0,), (4,)))
    assert layers["weight_bytes"].tolist() == [48, 32]
    assert layers["macs"].tolist() == [0, 3 * 16 * 4]


@pytest.mark.parametrize("time_major", [False, True])
def test_a_recurrent_layer_multiplies_its_weights_at_each_step(time_major):
    shape = (9, 1, 3) if time_major else (1, 9, 3)
    tensors = [tensor(0, shape, "FLOAT32"), tensor(1, (*shape[:2], 4), "FLOAT32"), tensor(2, (1, 4), "FLOAT32")]
    for width in (3, 3, 3, 3, 4, 4, 4, 4):
        tensors.append(tensor(len(tensors), (4, width), "FLOAT32", np.zeros((4, width), np.float32)))
    inputs = (0, *range(3, 11), *(-1,) * 9, 2, 2)
    lstm = Operator("UNIDIRECTIONAL_SEQUENCE_LSTM", inputs, (1,), {"timeMajor": time_major})
    layers = _counting.count(Graph(tuple(tensors), (lstm,), (0,), (1,)))
    assert layers["macs"].tolist() == [9 * 4 * 4 * (3 + 4)]


def test_products_of_two_activations_count_the_shared_axis():
    tensors = (tensor(0, (2, 5, 3)), tensor(1, (2, 3, 4)), tensor(2, (2, 5, 4)))
    product = Operator("BATCH_MATMUL", (0, 1), (2,), {"adjX": False})
    assert _counting.macs(Graph(tensors, (product,), (0, 1), (2,)), product) == 2 * 5 * 4 * 3
    turned = (tensor(0, (2, 3, 5)), *tensors[1:])
    product = Operator("BATCH_MATMUL", (0, 1), (2,), {"adjX": True})
    assert _counting.macs(Graph(turned, (product,), (0, 1), (2,)), product) == 2 * 5 * 4 * 3


def test_what_cannot_be_counted_is_named():
    graph = Graph((tensor(0, (1,)), tensor(1, (1,))), (Operator("CUSTOM", (0,), (1,)),), (0,), (1,))
    with pytest.raises(ValueError, match="operator 0 is CUSTOM"):
        _counting.count(graph)
    for wrong in (b"", b"nothing", gzip.compress(shipped_model("int8"))):
        with pytest.raises(ValueError, match=r"no \.tflite file"):
            count_work(wrong)
    with pytest.raises(ValueError, match="got int"):
        count_work(3)


def test_a_path_bytes_and_a_lite_model_are_the_same(tmp_path):
    model = LiteModel(shipped_model("int8"), "inspector")
    path = model.save(tmp_path / "inspector.tflite")
    assert {count_work(given).peak_bytes for given in (model, model.content, path, str(path))} == {
        count_work(model).peak_bytes
    }


@given(
    st.integers(0, 10**9), st.integers(0, 10**9), st.integers(1, 10**9), st.floats(0.1, 1e4), st.floats(0.1, 1e4),
    st.floats(0.1, 1e3),
)  # fmt: skip
def test_the_bound_is_the_longer_of_two_times(floats, integers, moved, slow, fast, speed):
    import pandas as pd

    rows = [("CONV_2D", "a", floats, False, moved, 0, 0, False), ("CONV_2D", "b", integers, True, 0, 0, 0, False)]
    work = Work(pd.DataFrame(rows, columns=list(_counting.COLUMNS)), 1, 0, 0)
    machine = Machine(slow, fast, np.array([1]), np.array([speed]))
    bound = work.bound(machine)
    assert bound.compute_ms == pytest.approx(2e-6 * (floats / slow + integers / fast))
    assert bound.memory_ms == pytest.approx(1e-6 * moved / speed)
    assert bound.ms == max(bound.compute_ms, bound.memory_ms)
    assert bound.binds == ("compute" if bound.compute_ms >= bound.memory_ms else "memory")
    # the ridge of the roofline says the same, where there is one kind of product
    if not integers and floats:
        ridge = slow / speed
        if abs(work.intensity - ridge) > 1e-9 * ridge:
            assert (bound.binds == "compute") == (work.intensity > ridge)


def test_small_data_move_at_the_speed_of_the_cache():
    assert MACHINE.bandwidth(10) == MACHINE.bandwidth(99_999) == 50
    assert MACHINE.bandwidth(100_000) == MACHINE.bandwidth(10**9) == 10
    # a copy that was disturbed is no limit where a larger one was faster
    assert Machine(1.0, 1.0, np.array([1, 2]), np.array([3.0, 9.0])).bandwidth(1) == 9


def test_a_machine_is_what_its_clock_says():
    ticks = iter(np.arange(10**6) / 1000)  # each run takes 1 ms
    machine = measure_machine("builtin", repeats=1, clock=lambda: float(next(ticks)))
    largest = max(rows * inner * columns for rows, inner, columns in PRODUCTS)
    # times of 1 ms are differences of numbers of seconds below 1000, exact to 1e-13 s, so to 1e-10 of 1 ms
    assert machine.float32_gops == pytest.approx(2 * largest / 1e-3 / 1e9, rel=1e-9)
    assert machine.int8_gops == pytest.approx(machine.float32_gops, rel=1e-9)
    np.testing.assert_allclose(machine.copied_gbs, machine.copied_bytes / 1e-3 / 1e9, rtol=1e-9)
    frame = machine.to_frame()
    assert frame["what"].tolist() == ["float32", "int8", *["copy"] * len(machine.copied_bytes)]


@pytest.mark.parametrize("integer", [False, True])
def test_the_probe_multiplies_matrices(integer):
    """The file that the peak is measured with computes what its name says."""
    content = product_file(3, 16, 4, integer=integer)
    runner = interpreter(content, kernels="reference", batch=3)
    rng = np.random.default_rng(1)
    x = rng.integers(-10, 10, (3, 16)).astype(np.int8 if integer else np.float32)
    runner.set_tensor(runner.get_input_details()[0]["index"], x)
    runner.invoke()
    weights = read_graph(content).tensors[1].data
    product = x.astype(float) @ weights.T.astype(float)
    if integer:  # scales of 1/8 each, and 16 of the output
        product = np.clip(np.floor(np.abs(product) / 1024 + 0.5) * np.sign(product), -128, 127)
    np.testing.assert_array_equal(runner.get_tensor(runner.get_output_details()[0]["index"]), product)
    assert count_work(content).macs == 3 * 16 * 4
    assert count_work(content).integer_macs == (3 * 16 * 4 if integer else 0)


def test_wrong_options_of_the_measurement():
    with pytest.raises(ValueError, match="repeats"):
        measure_machine(repeats=0)
    with pytest.raises(ValueError, match="kernels"):
        measure_machine("fast")


def test_the_roof_is_drawn_with_models_below():
    works = {kind: count_work(shipped_model(kind)) for kind in ("float32", "int8")}
    figure = MACHINE.plot(works=works, median_ms={"int8": 0.1})
    points = next(trace for trace in figure.data if trace.name == "모델")
    assert list(points.text) == ["int8"]
    assert points.x[0] == pytest.approx(works["int8"].intensity)
    assert points.y[0] == pytest.approx(2 * works["int8"].macs / 1e-4 / 1e9)
    assert [note.text for note in figure.layout.annotations] == ["int8"]
    assert len(MACHINE.plot().data) == 3
