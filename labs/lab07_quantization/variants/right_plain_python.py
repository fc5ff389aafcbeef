"""Python's own whole numbers and fractions, one value at a time."""

# %% solution_affine
from fractions import Fraction


def nearest(value):
    """Half away from zero, of an exact fraction."""
    return int(value + Fraction(1, 2)) if value >= 0 else -int(-value + Fraction(1, 2))


def affine_parameters(low, high, bits=8, symmetric=False):
    low, high = (Fraction(float(end)) for end in (low if low < 0 else 0, high if high > 0 else 0))
    if high - low == 0:
        return 1.0, 0
    if symmetric:
        return float(max(abs(low), abs(high)) / (2 ** (bits - 1) - 1)), 0
    scale = (high - low) / (2**bits - 1)
    return float(scale), nearest(-(2 ** (bits - 1)) - low / scale)


# %% solution_quantize
def quantize(x, scale, zero_point, bits=8, symmetric=False):
    lowest, highest = -(2 ** (bits - 1)) + bool(symmetric), 2 ** (bits - 1) - 1
    shares = np.asarray(x, float) / scale
    steps = [nearest(Fraction(share)) + zero_point for share in shares.ravel().tolist()]
    return np.array([min(max(step, lowest), highest) for step in steps]).reshape(shares.shape)


def dequantize(q, scale, zero_point):
    return np.array([scale * (int(value) - zero_point) for value in np.ravel(q)]).reshape(np.shape(q))


# %% solution_multiply
def fixed_point(real):
    pairs = []
    for value in np.ravel(real).tolist():
        shift = math.floor(math.log2(value)) + 1
        mantissa = int(Fraction(value) * Fraction(2) ** (31 - shift) + Fraction(1, 2))
        pairs.append((mantissa // 2, shift + 1) if mantissa == 2**31 else (mantissa, shift))
    return tuple(np.array(part).reshape(np.shape(real)) for part in zip(*pairs, strict=True))


def multiply(accumulator, mantissa, shift):
    high = np.floor_divide(np.asarray(accumulator, np.int64) * mantissa + (1 << 30), 1 << 31)
    unit = 2 ** (-np.asarray(shift, np.int64))
    down, left = np.divmod(np.abs(high), unit)
    return np.where(high < 0, -1, 1) * (down + (2 * left >= unit))


# %% solution_dense
def int8_dense(x, weights, bias, multipliers, input_zero, output_zero):
    answers = []
    for row in x.astype(int) - input_zero:
        sums = [int(row @ one.astype(int)) + int(start) for one, start in zip(weights, bias, strict=True)]
        real = [total * float(scale) for total, scale in zip(sums, multipliers, strict=True)]
        whole = [int(value + 0.5) if value >= 0 else -int(0.5 - value) for value in real]
        answers.append([max(-128, min(127, value + output_zero)) for value in whole])
    return np.array(answers)
