"""Calls the library's quantizer and fixed point instead of writing them.

Loses: test_weights, test_weights_hidden, test_multiply, test_multiply_hidden,
test_conv, test_conv_hidden, test_budget, test_budget_hidden
"""

# %% solution_weights
from coursekit.modeling.optimization.quantizing import quantize as ready


def quantize_weights(weights, bits=8):
    made = ready(weights, bits=bits, symmetric=True, axis=0)
    return made.values.astype(int), np.ravel(made.scale).astype(float)


# %% solution_multiply
from coursekit.modeling.optimization import fixed_point as made


def fixed_point(real):
    return made.quantize_multiplier(real)


def multiply(accumulator, mantissa, shift):
    return made.multiply_by_quantized_multiplier(accumulator, mantissa, shift)
