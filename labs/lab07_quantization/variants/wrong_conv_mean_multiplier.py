"""Multiplies all channels by the mean multiplier, as if quantized per tensor.

Loses: test_conv, test_conv_hidden
"""


# %% solution_conv
def int8_conv(images, weights, bias, multipliers, input_zero, output_zero, stride=1):
    pieces = patches(images, weights.shape[1], stride, input_zero).astype(np.int64) - input_zero
    # int8의 곱을 더한 값은 2의 53제곱보다 훨씬 작아, 실수 행렬곱도 정확하고 더 빠릅니다.
    total = (pieces.astype(float) @ weights.reshape(len(weights), -1).T.astype(float)).astype(np.int64) + bias
    return np.clip(multiply(total, *fixed_point(np.full(len(weights), np.mean(multipliers)))) + output_zero, -128, 127)
