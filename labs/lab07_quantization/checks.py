"""Hidden checks of lab 7, never released: parts, layers and budgets that no student has seen, and what must hold."""

from __future__ import annotations

import math

import numpy as np

from coursekit.cases.inspection import as_input, make_parts, shipped_model
from coursekit.classroom.judging import require
from coursekit.modeling.optimization.fixed_point import multiply_by_quantized_multiplier, quantize_multiplier
from coursekit.modeling.optimization.lite_model import interpreter, quantize_end

MAX_LOSS, UNSEEN = 0.03, 400
BUDGETS = (("conv4", 0.8, 3, 15_000), ("dense", 1.2, 11, 13_400))
"""Layer that is hard to quantize, how hard, seed, bytes."""


def check_affine(student):
    """Two hundred ranges, 2 to 8 bits, both kinds: the parameters' formulas, and what rounding may lose."""
    dice = np.random.default_rng(20_260_700)
    for number in range(200):
        bits, symmetric = 2 + number % 7, bool(number // 7 % 2)
        low, high = np.sort(dice.normal(0, 10.0 ** dice.integers(-3, 4), 2) + (0, 5, -5)[number % 3]).tolist()
        scale, zero = _parameters(student, low, high, bits, symmetric)
        below, above = min(low, 0.0), max(high, 0.0)
        least, most = (1 if symmetric else 0) - 2 ** (bits - 1), 2 ** (bits - 1) - 1
        wanted = max(-below, above) / most if symmetric else (above - below) / (most - least)
        # Three operations round by 1e-16 each; float32 would by 1e-7.
        require(abs(scale - wanted) <= 1e-6 * wanted, "처음 보는 범위에서 스케일이 식과 다릅니다.")
        ideal = 0 if symmetric else least - below / wanted
        require(abs(zero - ideal) <= 0.5 + 1e-3, "처음 보는 범위에서 영점이 가장 가까운 정수가 아닙니다.")
        require(least <= zero <= most, "실수 0을 나타내는 정수가 범위를 벗어났습니다.")
        x = np.concatenate([[0.0], dice.uniform(1.5 * below - 0.1, 1.5 * above + 0.1, 60)])
        q = _integers(student, "quantize", x.shape, x, scale, zero, bits, symmetric)
        require(q[0] == zero, "실수 0이 영점이 되지 않았습니다.")
        require(q.min() >= least and q.max() <= most, "정수가 비트 수의 범위를 벗어났습니다.")
        steps = x / scale
        inside = (steps > least - zero) & (steps < most - zero)
        require(
            bool((abs(steps - (q - zero))[inside] <= 0.5 + 1e-9).all()),
            "범위 안의 값이 가장 가까운 정수가 아닙니다.",
        )
        clipped = np.where(steps >= most - zero, most, np.where(steps <= least - zero, least, q))
        require(bool((q == clipped).all()), "범위를 벗어난 값이 정수 범위의 끝이 되지 않았습니다.")
        back = _reals(student, "dequantize", q.shape, q.astype(np.int8), scale, zero)
        require(bool((abs(back - scale * (q - zero)) <= 1e-6 * (above - below)).all()), "되돌린 값이 식과 다릅니다.")
    halves = np.arange(-41, 42) / 2
    for zero in (-17, 0, 12):
        q = _integers(student, "quantize", halves.shape, halves / 4, 0.25, zero)
        away = np.sign(halves) * np.floor(abs(halves) + 0.5)
        require(bool((q - zero == away).all()), "절반이 0에서 먼 쪽으로 반올림되지 않는 영점이 있습니다.")
    for symmetric in (False, True):
        require(_parameters(student, 0.0, 0.0, 4, symmetric) == (1, 0), "범위가 0뿐일 때가 정한 것과 다릅니다.")


def check_weights(student):
    """Forty random layers of two shapes, dead and loud channels among them, exact halves at the end."""
    dice = np.random.default_rng(20_260_701)
    for number in range(40):
        outputs, bits = int(dice.integers(2, 9)), 2 + number % 7
        shape = (outputs, 6) if number % 2 else (outputs, 3, 3, 2)
        weights = dice.normal(0, 0.2, shape) * 10.0 ** dice.integers(-2, 2, outputs).reshape(
            (-1,) + (1,) * (len(shape) - 1)
        )
        dead = number % 3 == 0
        if dead:
            weights[0] = 0
        top = 2 ** (bits - 1) - 1
        values, scales = _weights(student, weights, bits)
        if dead:
            require(scales[0] == 1 and not values[0].any(), "값이 모두 0인 채널이 정한 것과 다릅니다.")
        largest = abs(weights).reshape(outputs, -1).max(axis=1)
        wanted = np.where(largest > 0, largest / top, 1.0)
        # As above: float32 would round by 1e-7.
        require(bool((abs(scales - wanted) <= 1e-6 * wanted).all()), "채널마다의 스케일이 식과 다릅니다.")
        require(abs(values).max() <= top, "정수 가중치가 대칭의 범위를 벗어났습니다.")
        steps = weights / wanted.reshape((-1,) + (1,) * (len(shape) - 1))
        require(bool((abs(steps - values) <= 0.5 + 1e-4).all()), "정수 가중치가 가장 가까운 정수가 아닙니다.")
    halves = np.array([[31.5, 2.5, -2.5, 0.5, -1.5, 0.25]])
    values, _ = _weights(student, np.concatenate([halves * 2, halves * 2 / 8]), 7)
    require(values.tolist() == [[63, 5, -5, 1, -3, 1]] * 2, "절반이 0에서 먼 쪽으로 반올림되지 않았습니다.")


def check_multiply(student):
    """Multipliers from one millionth to one, sums in all of int32, halves of either sign."""
    dice = np.random.default_rng(20_260_702)
    real = np.concatenate(
        [10 ** dice.uniform(-6, 0, 300), 0.5 ** np.arange(1, 12), 0.5 ** np.arange(0, 6) * (1 - 1e-11)]
    )
    real = real[real * (1 + 2.0**-32) < 1]
    answer = student.fixed_point.returns(tuple | list)(real)
    require(len(answer) == 2, "가수와 shift, 두 배열을 돌려주어야 합니다.")
    for one in answer:
        sound = isinstance(one, np.ndarray) and one.dtype.kind in "iu" and one.shape == real.shape
        require(sound, "가수와 shift는 real과 모양이 같은 정수형 배열이어야 합니다.")
    mantissa, shift = (one.astype(np.int64) for one in answer)
    require(bool(((mantissa >= 2**30) & (mantissa < 2**31)).all()), "가수가 2의 30제곱과 31제곱 사이에 있지 않습니다.")
    expected = quantize_multiplier(real)
    require(
        bool((mantissa == expected[0]).all() and (shift == expected[1]).all()),
        "처음 보는 배율에서 가수와 shift가 정의와 다릅니다.",
    )
    mantissa, shift = expected
    for number in range(8):
        largest = 2 ** (31 - number % 4 * 5) - 1
        sums = dice.integers(-largest, largest + 1, (40, len(real)))
        _require_product(student, sums, mantissa, shift, "처음 보는 누산기와 배율에서 곱이 다릅니다.")
    halves = np.arange(-60, 61)
    for places in range(4):
        quarter = np.array([2**30]), np.array([-places])
        _require_product(student, halves[:, None], *quarter, "절반에서 정한 대로 반올림되지 않았습니다. 음수도 보세요.")


def _require_product(student, sums, mantissa, shift, text):
    product = _integers(student, "multiply", sums.shape, sums, mantissa, shift)
    require(bool((product == multiply_by_quantized_multiplier(sums, mantissa, shift)).all()), text)


def run_layers(images):
    """What goes into and comes out of each layer of the shipped int8 model, by the reference kernels."""
    runner = interpreter(shipped_model("int8"), kernels="reference", keep_tensors=True, batch=len(images))
    entry = runner.get_input_details()[0]
    runner.set_tensor(entry["index"], quantize_end(as_input(images), entry))
    runner.invoke()
    about = {tensor["index"]: tensor["quantization_parameters"] for tensor in runner.get_tensor_details()}
    for op in runner._get_ops_details():
        if op["op_name"] in ("CONV_2D", "FULLY_CONNECTED"):
            given, weights, bias = (runner.get_tensor(place).copy() for place in op["inputs"])
            (left,) = op["outputs"]
            from_in, from_weights, to_out = (
                about[place]["scales"].astype(float) for place in (*op["inputs"][:2], left)
            )
            zeros = (int(about[place]["zero_points"][0]) for place in (op["inputs"][0], left))
            yield given, weights, bias, from_in * from_weights / to_out, *zeros, runner.get_tensor(left).copy()


def dense_layers():
    """Thirty random layers whose answers spread beyond int8, with the answers of one exact rounding."""
    dice = np.random.default_rng(20_260_703)
    for number in range(30):
        inputs, outputs = int(dice.integers(3, 300)), int(dice.integers(1, 9))
        x, weights = dice.integers(-128, 128, (60, inputs)), dice.integers(-127, 128, (outputs, inputs))
        entry, leave = (int(zero) for zero in dice.integers(-128, 128, 2))
        bias = dice.integers(-60, 61, outputs) * inputs * 20
        total = (x - entry) @ weights.T + bias
        real = dice.uniform(20, 120) / np.maximum(abs(total - np.median(total, axis=0)).mean(axis=0), 1)
        if number % 2:
            real = np.full(outputs, real.min())
        # Centred, so that most answers are inside of int8.
        bias = bias - np.round(np.median(total, axis=0)).astype(int) - (leave / real).astype(int)
        scaled = ((x - entry) @ weights.T + bias) * real
        y = np.clip(np.sign(scaled) * np.floor(abs(scaled) + 0.5) + leave, -128, 127).astype(int)
        yield x.astype(np.int8), weights.astype(np.int8), bias.astype(np.int32), real, entry, leave, y, scaled


def check_dense(student):
    """Four hundred unseen parts through LiteRT's reference kernels, and thirty random layers."""
    for *given, expected, _ in dense_layers():
        y = _integers(student, "int8_dense", expected.shape, *given)
        require(y.min() >= -128 and y.max() <= 127, "출력이 int8의 범위를 벗어났습니다.")
        require(
            bool((y == expected).all()),
            "무작위 완전 연결 층의 출력이 정의와 다릅니다. 영점의 보정, 누산기, 한 번의 반올림을 차례로 보세요.",
        )
    parts = make_parts(400, size=48, defect_rate=0.5, seed=20_260_704)
    *_, (x, *given, expected) = run_layers(parts.images)
    y = _integers(student, "int8_dense", expected.shape, x.reshape(len(x), -1), *given)
    require(bool((y == expected).all()), "처음 보는 부품의 출력이 LiteRT의 기준 커널과 다릅니다.")


def conv_layers():
    """Twelve random convolutions, with answers of the reference kernels' rounding and no use of a student's helper."""
    dice = np.random.default_rng(20_260_705)
    for number in range(12):
        size, stride, side = (1, 3, 5)[number % 3], 1 + number // 3 % 2, int(dice.integers(5, 10))
        channels, outputs = int(dice.integers(1, 5)), int(dice.integers(2, 7))
        images = dice.integers(-128, 128, (3, side, side, channels))
        weights = dice.integers(-127, 128, (outputs, size, size, channels))
        entry, leave = (int(zero) for zero in dice.integers(-128, 128, 2))
        bias = dice.integers(-3000, 3001, outputs)
        real = dice.uniform(0.3, 1.5, outputs) / (size * 75 * math.sqrt(channels))
        total = _correlated(images - entry, weights, stride) + bias
        scaled = multiply_by_quantized_multiplier(total, *quantize_multiplier(real))
        y = np.clip(scaled + leave, -128, 127)
        given = images.astype(np.int8), weights.astype(np.int8), bias.astype(np.int32), real, entry, leave, stride
        yield *given, y


def _correlated(x, weights, stride):
    """Slide the weights over x, with zeros around, one place of the window at a time."""
    size, side = weights.shape[1], x.shape[1]
    after = -(-side // stride)
    before = max((after - 1) * stride + size - side, 0) // 2
    wide = np.zeros((len(x), side + 2 * size, side + 2 * size, x.shape[3]), np.int64)
    wide[:, before : before + side, before : before + side] = x
    total = np.zeros((len(x), after, after, len(weights)), np.int64)
    for row in range(size):
        for column in range(size):
            seen = wide[:, row : row + stride * after : stride, column : column + stride * after : stride]
            total += seen @ weights[:, row, column].T
    return total


def check_conv(student):
    """Every convolution of the shipped model on unseen parts, and twelve random ones."""
    for *given, expected in conv_layers():
        y = _integers(student, "int8_conv", expected.shape, *given)
        require(y.min() >= -128 and y.max() <= 127, "출력이 int8의 범위를 벗어났습니다.")
        require(
            bool((y == expected).all()),
            "무작위 합성곱 층의 출력이 정의와 다릅니다. "
            "덧대는 값, 영점, 채널마다의 배율, 두 번의 반올림을 차례로 보세요.",
        )
    parts = make_parts(40, size=48, defect_rate=0.5, seed=20_260_706)
    *convolutions, _ = run_layers(parts.images)
    for number, (x, *given, expected) in enumerate(convolutions):
        y = _integers(student, "int8_conv", expected.shape, x, *given, 1 if number else 2)
        require(
            bool((y == expected).all()), f"conv{number + 1}: 처음 보는 부품의 출력이 LiteRT의 기준 커널과 다릅니다."
        )


def float_network():
    """The shipped model's weights and biases in float, by layer."""
    runner = interpreter(shipped_model("float32"), kernels="reference", keep_tensors=True)
    ops = [op for op in runner._get_ops_details() if op["op_name"] in ("CONV_2D", "FULLY_CONNECTED")]
    names = [*(f"conv{number}" for number in range(1, len(ops))), "dense"]
    return {
        name: {"weights": runner.get_tensor(op["inputs"][1]).copy(), "bias": runner.get_tensor(op["inputs"][2]).copy()}
        for name, op in zip(names, ops, strict=True)
    }


def stretched(network, name, spread, seed):
    """The same answers with one layer's input channels on other scales, so that few bits no longer hold them."""
    earlier = list(network)[list(network).index(name) - 1]
    before, after = network[earlier], network[name]
    factor = np.exp(np.random.default_rng(seed).normal(0, spread, len(before["bias"]))).astype(np.float32)
    column = factor.reshape((-1,) + (1,) * (before["weights"].ndim - 1))
    smaller = after["weights"].reshape(len(after["weights"]), -1, len(factor)) / factor
    return {
        **network,
        earlier: {"weights": before["weights"] * column, "bias": before["bias"] * factor},
        name: {"weights": smaller.reshape(after["weights"].shape), "bias": after["bias"]},
    }


def right_answers(network, parts):
    """Which parts the float network judges rightly."""
    found = []
    for start in range(0, len(parts.images), 10):
        x = as_input(parts.images[start : start + 10])
        for name, layer in network.items():
            if name == "dense":
                answers = x.reshape(len(x), -1) @ layer["weights"].T + layer["bias"]
                found.append(answers[:, 1] > answers[:, 0])
                break
            x = np.maximum(_convolved(x, layer["weights"], 2 if name == "conv1" else 1) + layer["bias"], 0)
            if name in ("conv2", "conv4", "conv5"):
                x = x.reshape(len(x), x.shape[1] // 2, 2, x.shape[2] // 2, 2, -1).max(axis=(2, 4))
    return np.concatenate(found) == parts.is_defective


def _convolved(x, weights, stride):
    size, side = weights.shape[1], x.shape[1]
    after = -(-side // stride)
    extra = max((after - 1) * stride + size - side, 0)
    around = (extra // 2, extra - extra // 2)
    wide = np.pad(x, ((0, 0), around, around, (0, 0)))
    seen = np.lib.stride_tricks.sliding_window_view(wide, (size, size), axis=(1, 2))[:, ::stride, ::stride]
    columns = seen.transpose(0, 1, 2, 4, 5, 3).reshape(len(x), after, after, -1)
    return (columns @ weights.reshape(len(weights), -1).T).astype(np.float32)


def shrunk(network, bits):
    """Weights that went through this many bits per layer, symmetric and per channel."""
    made = {}
    for name, layer in network.items():
        rows = layer["weights"].reshape(len(layer["weights"]), -1).astype(float)
        largest = abs(rows).max(axis=1, keepdims=True)
        unit = np.where(largest > 0, largest / (2 ** (bits[name] - 1) - 1), 1.0)
        back = np.sign(rows) * np.floor(abs(rows) / unit + 0.5) * unit
        made[name] = {**layer, "weights": back.reshape(layer["weights"].shape).astype(np.float32)}
    return made


def exact_bytes(network, bits):
    """Bytes of packed weights, scales and biases."""
    return sum(-(-layer["weights"].size * bits[name] // 8) + 8 * len(layer["bias"]) for name, layer in network.items())


def check_budget(student):
    """Bytes of random layers, budgets on networks with other tender layers, one that nothing can keep."""
    dice = np.random.default_rng(20_260_707)
    for _ in range(40):
        names = [f"layer{number}" for number in range(dice.integers(1, 5))]
        random = {name: {"weights": np.zeros(dice.integers(1, 8, 2)), "bias": np.zeros(1)} for name in names}
        for layer in random.values():
            layer["bias"] = np.zeros(len(layer["weights"]))
        bits = {name: int(dice.integers(2, 9)) for name in names}
        told = student.packed_bytes(random, bits)
        require(isinstance(told, int | np.integer) and not isinstance(told, bool), "바이트 수는 정수여야 합니다.")
        require(told == exact_bytes(random, bits), "무작위 층에서 바이트의 합이 정의와 다릅니다.")
    network = float_network()
    tuning = make_parts(80, size=48, defect_rate=0.5, seed=20_260_708)
    unseen = make_parts(UNSEEN, size=48, defect_rate=0.5, seed=20_260_709)
    judged = right_answers(network, unseen).astype(int)  # a stretched network gives the same answers
    for name, spread, seed, max_bytes in BUDGETS:
        world = stretched(network, name, spread, seed)
        bits = _bits(student, world, tuning, max_bytes)
        require(bits is not None, "처음 보는 신경망에서, 예산과 손실을 지키는 구성이 있는데 찾지 못했습니다.")
        require(exact_bytes(world, bits) <= max_bytes, "처음 보는 신경망에서 고른 구성의 바이트가 예산을 넘습니다.")
        lost = judged - right_answers(shrunk(world, bits), unseen)
        # Differences on the same parts: a true loss at the limit passes it by two standard errors in 2.3%.
        require(
            lost.mean() <= MAX_LOSS + 2 * lost.std(ddof=1) / math.sqrt(UNSEEN),
            "처음 보는 부품에서 정확도의 손실이 한계를 표준오차의 2배 넘게 벗어납니다. "
            "이 신경망에서 민감한 층을 쟀는지 보세요.",
        )
    require(
        _bits(student, network, tuning, 7_300) is None,
        "바이트와 손실을 함께 지킬 수 없는 예산에서 구성을 내놓았습니다. None이어야 합니다.",
    )


def _bits(student, network, parts, max_bytes):
    answer = student.choose_bits(network, parts.images, parts.is_defective, max_bytes, MAX_LOSS)
    if answer is None:
        return None
    require(isinstance(answer, dict) and set(answer) == set(network), "모든 층의 비트 수를, 그것만 정해야 합니다.")
    for width in answer.values():
        whole = isinstance(width, int | np.integer) and not isinstance(width, bool)
        require(whole and 2 <= width <= 8, "비트 수는 2부터 8까지의 정수여야 합니다.")
    return answer


def peaks(network, images):
    """Largest activation of the first layer, by part."""
    layer = network["conv1"]
    seen = np.maximum(_convolved(images, layer["weights"], 2) + layer["bias"], 0)
    return seen.reshape(len(images), -1).max(axis=1)


def calibration_world(network, kind, seed):
    """Peaks of the parts of a calibration and of the line, with this cause between them."""
    dice = np.random.default_rng(seed)
    lighting = "factory" if kind == "sound" and seed % 2 else "lab"
    calibration = as_input(make_parts(120, size=48, seed=seed).images)
    line = as_input(make_parts(80, size=48, seed=seed + 500, lighting=lighting).images)
    if kind == "sample":
        calibration[dice.choice(120, 1 + seed % 3, replace=False)] *= 255
    elif kind == "units":
        calibration, line = calibration * np.float32((1, 255)[seed % 2]), line * np.float32((255, 1)[seed % 2])
    elif kind == "light":
        line = line * np.float32(dice.uniform(1.8, 3))
    else:
        line[:4] *= 2
    return peaks(network, calibration).tolist(), peaks(network, line).tolist()


def check_diagnose(student):
    """Four unseen worlds of each cause, in any unit of the activations."""
    network = float_network()
    for number in range(16):
        kind = ("sample", "units", "light", "sound")[number % 4]
        calibration, line = calibration_world(network, kind, 20_260_710 + number // 4)
        unit = (1.0, 40.0, 0.01)[number % 3]
        told = student.diagnose.returns(str)([unit * peak for peak in calibration], [unit * peak for peak in line])
        require(told in ("sample", "units", "light", "sound"), "네 가지 답 가운데 하나여야 합니다.")
        require(
            told == kind, "처음 보는 부품의 정점에서 까닭을 알아보지 못했습니다. 네 조건의 순서와 견줄 값을 보세요."
        )


def _parameters(student, *given):
    answer = student.affine_parameters.returns(tuple | list)(*given)
    require(len(answer) == 2, "스케일과 영점, 두 값을 돌려주어야 합니다.")
    scale, zero = answer
    real = isinstance(scale, int | float | np.integer | np.floating) and not isinstance(scale, bool)
    require(real and 0 < scale < math.inf, "스케일은 0보다 큰 유한한 숫자여야 합니다.")
    whole = isinstance(zero, int | np.integer) and not isinstance(zero, bool)
    require(whole, "영점은 정수여야 합니다.")
    return float(scale), int(zero)


def _integers(student, name, shape, *given):
    array = getattr(student, name).returns(np.ndarray)(*given)
    require(array.dtype.kind in "iu", f"{name}: 정수형 배열을 돌려주어야 합니다.")
    require(array.shape == tuple(shape), f"{name}: 배열의 모양이 설명과 다릅니다.")
    return array.astype(np.int64)


def _reals(student, name, shape, *given):
    array = getattr(student, name).returns(np.ndarray)(*given)
    require(array.dtype.kind == "f" and array.shape == tuple(shape), f"{name}: 같은 모양의 실수형 배열이어야 합니다.")
    require(bool(np.isfinite(array).all()), f"{name}: 유한하지 않은 값이 있습니다.")
    return array.astype(float)


def _weights(student, weights, bits):
    answer = student.quantize_weights.returns(tuple | list)(weights, bits)
    require(len(answer) == 2, "정수 배열과 스케일의 배열, 두 값을 돌려주어야 합니다.")
    values, scales = answer
    sound = isinstance(values, np.ndarray) and values.dtype.kind in "iu" and values.shape == weights.shape
    require(sound, "첫째 값은 weights와 모양이 같은 정수형 배열이어야 합니다.")
    sound = isinstance(scales, np.ndarray) and scales.dtype.kind == "f" and scales.shape == weights.shape[:1]
    require(sound, "둘째 값은 출력 채널마다 하나인 스케일의 실수형 배열이어야 합니다.")
    require(bool(np.isfinite(scales).all() and (scales > 0).all()), "스케일은 0보다 큰 유한한 숫자여야 합니다.")
    return values.astype(np.int64), scales.astype(float)
