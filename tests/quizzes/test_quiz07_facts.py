"""Quiz 7's answers are right, and the figures of its questions and explanations hold."""

from __future__ import annotations

import gzip
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import brier_score_loss

from coursekit.cases.inspection import as_input, make_parts, shipped_model
from coursekit.classroom.judging import CheckFailed
from coursekit.modeling.evaluation import grouped_split
from coursekit.modeling.optimization.converting import convert
from coursekit.modeling.optimization.lite_model import interpreter, quantize_end
from coursekit.modeling.optimization.quantizing import quantize
from coursekit.modeling.training import load_keras

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "labs"))
from authored_notebook import authored_as

QUIZ = authored_as("quiz07_optimization")
REFERENCE = QUIZ.reference()


@pytest.fixture(scope="module")
def inspector():
    """Tensors of the shipped int8 inspector after 20 parts went through it, and its layers with weights."""
    runner = interpreter(shipped_model("int8"), kernels="reference", keep_tensors=True, batch=20)
    entry = runner.get_input_details()[0]
    images = as_input(make_parts(20, size=48, defect_rate=0.5, seed=7).images)
    runner.set_tensor(entry["index"], quantize_end(images, entry))
    runner.invoke()
    layers = [op for op in runner._get_ops_details() if op["op_name"] in ("CONV_2D", "FULLY_CONNECTED")]
    return runner, layers


def _explanation(capsys, name):
    getattr(QUIZ.hidden_checks, f"check_{name}_explanation")(None)
    return capsys.readouterr().out


def _without_the_smallest(weights, share):
    size = np.abs(weights.astype(float))
    return np.where(size > np.quantile(size, share), weights, 0).astype(weights.dtype)


def test_the_pruned_file_of_item_1_is_as_large_and_its_archive_is_not(inspector, capsys):
    """Each weight is a byte of the file, zero or not: they are found there and cleared in place."""
    runner, layers = inspector
    dense, cleared, zeros, weights = shipped_model("int8"), shipped_model("int8"), 0, 0
    for op in layers:
        values = runner.get_tensor(op["inputs"][1])
        assert dense.count(values.tobytes()) == 1
        pruned = _without_the_smallest(values, 0.8)
        cleared = cleared.replace(values.tobytes(), pruned.tobytes())
        zeros, weights = zeros + np.sum(pruned == 0), weights + values.size
    assert zeros / weights == pytest.approx(0.8, abs=0.03)  # int8 holds many equal values at the quantile
    told = float(re.search(r"([\d.]+) KB입니다", QUIZ.source["question_pruned"])[1])
    assert len(dense) == len(cleared)
    assert len(dense) / 1000 == pytest.approx(told, abs=0.05)
    archives = [len(gzip.compress(content, 9)) / 1000 for content in (dense, cleared)]
    told = [
        float(number) for number in re.search(r"묶으면 (\d+) KB와 (\d+) KB", _explanation(capsys, "pruned")).groups()
    ]
    assert archives == pytest.approx(told, abs=0.5)


def test_no_share_of_zeros_makes_the_converter_of_item_1_choose_another_format():
    """Distractor a waits for 95%; b holds that rounding moves a zero."""
    keras = load_keras()
    rng = np.random.default_rng(7)
    weights = rng.normal(size=(256, 64)).astype(np.float32)
    samples = rng.normal(size=(100, 256)).astype(np.float32)
    files = {}
    for share in (0, 0.8, 0.95):
        model = keras.Sequential([keras.layers.Dense(64, input_shape=(256,), use_bias=False)])
        model.layers[0].set_weights([_without_the_smallest(weights, share)])
        files[share] = convert(model, "int8", samples=samples)
    sizes = [file.nbytes for file in files.values()]
    # Scales and shapes are the same in number; the buffers are aligned to 16 bytes.
    assert max(sizes) - min(sizes) <= 64
    assert files[0.95].gzip_nbytes < 0.5 * files[0].gzip_nbytes
    pruned = _without_the_smallest(weights, 0.8)
    written = quantize(pruned, bits=8, symmetric=True, axis=1)
    assert not written.values[pruned == 0].any()


def test_the_folded_bias_of_item_2_stands_in_for_zero_point_and_bias_of_a_shipped_layer(inspector):
    """The file holds the bias as LiteRT's converter rounded it; its accumulator is the chip's, to the integer."""
    runner, layers = inspector
    op = next(op for op in layers if op["op_name"] == "FULLY_CONNECTED")
    about = {tensor["index"]: tensor["quantization_parameters"] for tensor in runner.get_tensor_details()}
    x, weights, bias = (runner.get_tensor(place).astype(int) for place in op["inputs"])
    entry, scales = about[op["inputs"][0]], np.broadcast_to(about[op["inputs"][1]]["scales"], len(weights))
    scale, zero = float(entry["scales"][0]), int(entry["zero_points"][0])
    assert zero != 0
    x = x.reshape(len(x), -1)
    for row, held, scale_w in zip(weights, bias, scales.astype(float), strict=True):
        unit = scale * scale_w
        folded = REFERENCE["folded_bias"](float(held) * unit, row.tolist(), scale, zero, scale_w)
        assert folded == int(folded)
        assert np.array_equal(x @ row + folded, (x - zero) @ row + held)


def test_the_folded_bias_of_item_2_is_the_real_layer_to_half_a_step():
    """Sums in real numbers, and the library's own quantizer for the input."""
    rng = np.random.default_rng(72)
    for _ in range(200):
        x = quantize(rng.normal(rng.normal(), 1, size=30), bits=8)
        w = quantize(rng.normal(size=30), bits=8, symmetric=True)
        bias, unit = rng.normal(scale=5), float(x.scale) * float(w.scale)
        folded = REFERENCE["folded_bias"](bias, w.values.tolist(), float(x.scale), int(x.zero_point), float(w.scale))
        accumulator = int(x.values.astype(int) @ w.values.astype(int)) + folded
        real = float(x.dequantize() @ w.dequantize()) + bias
        # Half a unit from rounding the bias; sums of 30 products are rounded by about 1e-14.
        assert abs(unit * accumulator - real) <= 0.5 * unit + 1e-12


def test_a_folded_bias_is_no_truth_value():
    names = {"folded_bias": lambda *_: True}
    QUIZ.run("checks_support", names)
    with pytest.raises(CheckFailed, match="숫자를 돌려주어야 합니다"):
        QUIZ.run("test_folded", names)


@pytest.mark.parametrize("returned", [float("nan"), float("inf"), 10**400], ids=["nan", "inf", "huge"])
def test_what_no_accumulator_holds_gets_a_sentence(returned):
    names = {"folded_bias": lambda *_: returned}
    QUIZ.run("checks_support", names)
    with pytest.raises(CheckFailed, match="int32"):
        QUIZ.run("test_folded", names)


def test_the_milliseconds_of_item_3_from_a_quantized_matrix(capsys):
    """The library's blocks have float32 scales; the item's take two bytes less each."""
    blocks = quantize(np.random.default_rng(3).normal(size=(64, 320)), bits=4, symmetric=True, block=32)
    assert blocks.scale.size == blocks.values.size / 32
    each = (blocks.nbytes - 2 * blocks.scale.size) / blocks.values.size
    assert 8 * each == 4.5
    assert REFERENCE["answer_3"] == pytest.approx(1000 * 2e9 * each / 45e9, abs=1e-9)
    misread = {
        "plain four bits": 1000 * 2e9 * 0.5 / 45e9,
        "float32 scales": 1000 * 2e9 * blocks.nbytes / blocks.values.size / 45e9,
        "a scale for each weight": 1000 * 2e9 * (4 + 16) / 8 / 45e9,
        "float32": 1000 * 8e9 / 45e9,
        "eight bits": 1000 * 2e9 / 45e9,
        "bits for bytes": 1000 * 2 * 4.5 / 45,
        "seconds": 2e9 * each / 45e9,
        "tokens a second": 45e9 / (2e9 * each),
        "GB": 2 * each,
        "bits": 8 * each,
    }
    assert sorted(QUIZ.hidden_checks.MISREAD_PHONE) == pytest.approx(sorted(misread.values()), abs=0.001)
    assert f"{misread['float32']:.0f} ms" in _explanation(capsys, "phone")


def test_in_item_4_pictures_of_one_part_flatter_the_split_and_int8_changes_nothing():
    """Six views a part, split by picture and by part; the split by part foretells the parts of next week."""
    rng = np.random.default_rng(74)

    def pictures(parts):
        looks = rng.normal(size=(parts, 16))
        defective = looks[:, :4].sum(axis=1) + rng.normal(scale=1.0, size=parts) > 0
        views = np.repeat(looks, 6, axis=0) + rng.normal(scale=0.1, size=(6 * parts, 16))
        return views, np.repeat(defective, 6), np.repeat(np.arange(parts), 6)

    views, defective, part = pictures(400)
    later, later_defective, _ = pictures(1_000)

    def accuracies(train, test):
        model = RandomForestClassifier(60, random_state=0, n_jobs=1).fit(views[train], defective[train])
        score = {"test": model.score(views[test], defective[test]), "later": model.score(later, later_defective)}
        rounded = quantize(later, bits=8).dequantize()
        return {**score, "int8": model.score(rounded, later_defective)}

    shuffled = rng.permutation(len(part))
    by_picture = accuracies(shuffled[: len(part) * 3 // 4], shuffled[len(part) * 3 // 4 :])
    by_part = accuracies(*grouped_split(part, seed=0))
    assert by_picture["test"] > 0.98
    assert by_picture["later"] < by_picture["test"] - 0.1
    # 80 to 100 parts in the test set: a standard error of at most 0.04 at this accuracy, three of them.
    assert by_part["test"] == pytest.approx(by_part["later"], abs=0.12)
    for scores in (by_picture, by_part):
        assert scores["int8"] == pytest.approx(scores["later"], abs=0.01)


def test_the_brier_score_of_item_5():
    """Each row of the table, order by order, with scikit-learn's score."""
    rows = re.findall(r"^\| ([\d.]+) \| (\d+) \| (\d+) \|$", QUIZ.source["question_brier"], re.MULTILINE)
    assert sum(int(orders) for _, orders, _ in rows) == 500
    said = np.concatenate([np.full(int(orders), float(chance)) for chance, orders, _ in rows])
    came = np.concatenate([np.arange(int(orders)) < int(on_time) for _, orders, on_time in rows]).astype(int)
    shares = np.concatenate([np.full(int(orders), int(on_time) / int(orders)) for _, orders, on_time in rows])
    score = brier_score_loss(came, said)
    assert REFERENCE["answer_5"] == pytest.approx(score, abs=1e-12)
    halves = [brier_score_loss(came[said == chance], said[said == chance]) for chance in (0.9, 0.4)]
    base = brier_score_loss(came, np.full(500, came.mean()))
    wrong = np.mean((said > 0.5) != came)
    assert wrong == pytest.approx(base)  # one message answers both slips
    slips = {
        "rows weigh alike": np.mean(halves),
        "calibration alone": np.mean((said - shares) ** 2),
        "not squared": np.mean(np.abs(said - came)),
        "square root": score**0.5,
        "thresholded, or the baseline": base,
        "recalibrated": brier_score_loss(came, shares),
        "one minus": 1 - score,
        "right at a threshold": 1 - wrong,
        "not averaged": 500 * score,
    }
    assert sorted(QUIZ.hidden_checks.MISREAD_BRIER) == pytest.approx(sorted(slips.values()), abs=0.001)
