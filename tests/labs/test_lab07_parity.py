"""Lab 7's reference solutions, the library and LiteRT say the same, and what the lab tells its student is so."""

from __future__ import annotations

import math
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.cases.inspection import as_input, make_parts, shipped_model
from coursekit.classroom.judging import Student
from coursekit.modeling.optimization.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from coursekit.modeling.optimization.integer_model import IntegerModel
from coursekit.modeling.optimization.lite_model import LiteModel
from coursekit.modeling.optimization.quantizing import quantize

sys.path.insert(0, str(Path(__file__).parent))
from authored_notebook import authored_as

LAB = authored_as("lab07_quantization")
SOLVED = LAB.solved
CHECKS = LAB.hidden_checks
KINDS = ("sample", "units", "light", "sound")
numbers = st.lists(st.floats(-1e3, 1e3).filter(lambda x: x == 0 or abs(x) > 1e-3), min_size=1, max_size=20)


@given(x=numbers, bits=st.integers(2, 8), symmetric=st.booleans())
@settings(max_examples=200, deadline=None)
def test_the_quantizer_agrees_with_the_library(x, bits, symmetric):
    x = np.array(x)
    made = quantize(x, bits=bits, symmetric=symmetric)
    scale, zero = SOLVED["affine_parameters"](x.min(), x.max(), bits, symmetric)
    assert scale == pytest.approx(float(made.scale), rel=1e-12)
    # A zero point that lies on a half may fall on either side: three operations round by 1e-16 each.
    ideal = -(2 ** (bits - 1)) - min(x.min(), 0) / scale
    if symmetric or abs(abs(ideal - math.floor(ideal)) - 0.5) > 1e-9:
        assert zero == int(made.zero_point)
        ties = abs(abs(x / scale - np.floor(x / scale)) - 0.5) < 1e-9
        ours = SOLVED["quantize"](x, scale, zero, bits, symmetric)
        assert (ours == made.values)[~ties].all()
        assert SOLVED["dequantize"](ours, scale, zero)[~ties] == pytest.approx(made.dequantize()[~ties], rel=1e-9)


@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_weights_agree_with_the_library_and_with_the_converter(bits):
    for name, layer in CHECKS.float_network().items():
        weights = layer["weights"].astype(float)
        weights[0] = 0
        made = quantize(weights, bits=bits, symmetric=True, axis=0)
        values, scales = SOLVED["quantize_weights"](weights, bits)
        assert np.ravel(made.scale) == pytest.approx(scales, rel=1e-12)
        assert (values == made.values).all()
        if bits == 8:
            shipped = SOLVED["layers"][name]["weights"]
            assert (SOLVED["quantize_weights"](layer["weights"])[0] == shipped).mean() > 0.99


@given(
    real=st.lists(st.floats(1e-9, 0.999), min_size=1, max_size=8),
    sums=st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1, max_size=8),
)
@settings(max_examples=200, deadline=None)
def test_fixed_point_agrees_with_the_library(real, sums):
    real, sums = np.array(real), np.array(sums)[:, None]
    mantissa, shift = SOLVED["fixed_point"](real)
    for ours, theirs in zip((mantissa, shift), quantize_multiplier(real), strict=True):
        assert (ours == theirs).all()
    product = SOLVED["multiply"](sums, mantissa, shift)
    assert (product == multiply_by_quantized_multiplier(sums, mantissa, shift)).all()


def test_layers_agree_with_the_engine():
    """The student's two layers give what the library's integer engine gives, and that gives what LiteRT gives."""
    parts = make_parts(12, size=48, defect_rate=0.5, seed=77)
    model = IntegerModel.from_tflite(shipped_model("int8"))
    steps = [step for step in model.trace(model.quantize_input(as_input(parts.images))) if _multiplies(step.op)]
    for step, (x, *rest, expected) in zip(steps, CHECKS.run_layers(parts.images), strict=True):
        if x.ndim == 4:
            ours = SOLVED["int8_conv"](x, *rest, 2 if x.shape[1] == 48 else 1)
        else:
            ours = SOLVED["int8_dense"](x, *rest)
        assert (ours == expected).all()
        assert (step.output == expected).all()


def _multiplies(op):
    return re.sub("[^a-z]", "", op.lower()) in ("conv", "convd", "fullyconnected")


def test_no_answer_of_the_hidden_layers_hangs_on_rounding_of_floats():
    """Sums below 2**31 times a double, or times 31 bits of it, agree within 1e-6; no answer is that near to a half."""
    inside = []
    for *_, leave, y, scaled in CHECKS.dense_layers():
        assert abs(abs(scaled - np.floor(scaled)) - 0.5).min() > 1e-6
        inside.append(np.mean((y > -128) & (y < 127)))
        assert y.min() >= -128
        assert -128 <= leave <= 127
    assert np.mean(inside) > 0.5, "most answers show how they were rounded"
    for *_, y in CHECKS.conv_layers():
        assert np.mean((y > -128) & (y < 127)) > 0.3


def test_a_second_rounding_shows_in_the_hidden_layers():
    differ = 0
    for x, weights, bias, real, entry, leave, y, _ in CHECKS.dense_layers():
        total = (x.astype(int) - entry) @ weights.T.astype(int) + bias
        twice = multiply_by_quantized_multiplier(total, *quantize_multiplier(real)) + leave
        differ += int((np.clip(twice, -128, 127) != y).sum())
    assert differ > 3


def test_a_second_rounding_does_not_show_in_the_parts_that_the_student_has():
    """So the text says, and so the visible check asks for one value more than the parts."""
    assert "200개에서는 두 번 반올림해도 출력이 모두 같습니다" in LAB.source["question_dense"]
    layer = SOLVED["layers"]["dense"]
    x, weights = layer["input"].reshape(200, -1).astype(int), layer["weights"].astype(int)
    total = (x - layer["input_zero"]) @ weights.T + layer["bias"]
    twice = multiply_by_quantized_multiplier(total, *quantize_multiplier(layer["multipliers"]))
    assert (np.clip(twice + layer["output_zero"], -128, 127) == layer["output"]).all()


def test_the_float_network_is_the_shipped_file():
    parts = make_parts(60, size=48, defect_rate=0.5, seed=78)
    network = CHECKS.float_network()
    for name, layer in SOLVED["network"].items():
        for part, values in layer.items():
            assert (values == network[name][part]).all()
    margins = SOLVED["margins"](network, parts.images)
    answers = LiteModel(shipped_model("float32")).predict(as_input(parts.images))
    # float32 sums of hundreds of products of size 1, in another order: 1e-4 of a margin of up to 40.
    assert 1 / (1 + np.exp(-margins)) == pytest.approx(answers[:, 1], abs=1e-3)
    assert (CHECKS.right_answers(network, parts) == ((margins > 0) == parts.is_defective)).all()


def test_visible_and_hidden_worlds_are_of_one_kind():
    network = SOLVED["network"]
    for name in ("conv4", "dense"):
        ours, theirs = (made(network, name, 0.8, 9) for made in (SOLVED["stretched"], CHECKS.stretched))
        for layer in network:
            assert all((ours[layer][part] == theirs[layer][part]).all() for part in ("weights", "bias"))
    for kind in KINDS:
        for seed in (1, 2):
            ours, theirs = (
                made(network, kind, seed) for made in (SOLVED["calibration_world"], CHECKS.calibration_world)
            )
            assert np.concatenate(ours) == pytest.approx(np.concatenate(theirs), rel=1e-5)


def test_a_stretched_network_gives_the_same_answers():
    parts = make_parts(100, size=48, defect_rate=0.5, seed=79)
    plain = SOLVED["margins"](SOLVED["network"], parts.images)
    for name, spread, seed, _ in CHECKS.BUDGETS:
        moved = SOLVED["margins"](CHECKS.stretched(SOLVED["network"], name, spread, seed), parts.images)
        assert moved == pytest.approx(plain, abs=1e-2)


def test_no_single_width_keeps_a_budget_and_the_loss():
    """What fits loses too much in every network that is asked for; so there is something to choose."""
    unseen = make_parts(600, size=48, defect_rate=0.5, seed=80)
    network = CHECKS.float_network()
    judged = CHECKS.right_answers(network, unseen).mean()
    for world, max_bytes in (
        (network, 12_500),
        (CHECKS.stretched(network, "dense", 1.2, 3), 13_400),
        *((CHECKS.stretched(network, *how), most) for *how, most in CHECKS.BUDGETS),
    ):
        fit = [w for w in range(2, 9) if CHECKS.exact_bytes(world, dict.fromkeys(world, w)) <= max_bytes]
        lost = judged - CHECKS.right_answers(CHECKS.shrunk(world, dict.fromkeys(world, max(fit))), unseen).mean()
        widest = {**dict.fromkeys(world, 8)}
        assert CHECKS.exact_bytes(world, widest) > max_bytes
        assert lost > 0.03
    lost = judged - CHECKS.right_answers(CHECKS.shrunk(network, dict.fromkeys(network, 4)), unseen).mean()
    first = {**dict.fromkeys(network, 4), "conv1": 8}
    kept = judged - CHECKS.right_answers(CHECKS.shrunk(network, first), unseen).mean()
    assert lost > 0.25
    assert kept < 0.02, "nearly all of the loss comes from the first layer"
    assert CHECKS.exact_bytes(network, first) - CHECKS.exact_bytes(network, dict.fromkeys(network, 4)) == 200


def test_the_engine_passes_where_the_student_is_asked_for_the_same():
    answers = {**SOLVED, "fixed_point": quantize_multiplier, "multiply": multiply_by_quantized_multiplier}
    CHECKS.check_multiply(Student(answers))


def test_what_is_broken_breaks_as_the_text_says():
    _, printed = LAB.played
    counts = [re.findall(r"반올림 (\d+)개", row) for row in printed["break_rounding"].splitlines()]
    assert all(int(once) > 0 and int(twice) == 0 for once, twice in counts)
    shares = [int(share) for share in re.findall(r"(\d+)%", printed["break_outlier_run"])]
    assert shares[2] > 95
    assert max(shares[0], shares[1], shares[3]) < 30
    used = [int(count) for count in re.findall(r"정수 (\d+)개", printed["break_calibration_run"])]
    assert used[1] < 5
    assert used[2] == used[0] > 150
    rows = printed["budget_use"].splitlines()[1:]
    eight, five, four = (float(re.search(r"([\d.]+)%", row).group(1)) for row in rows)
    assert min(eight, five) > 90
    assert four < 70
