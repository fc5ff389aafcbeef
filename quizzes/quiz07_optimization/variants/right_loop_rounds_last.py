"""A loop that walks from the real bias to the accumulator's unit, and rounds the whole at the end."""


# %% answer_folded
def folded_bias(bias, weights, scale_x, zero_x, scale_w):
    real = bias
    for weight in weights:
        real -= scale_x * zero_x * scale_w * weight
    return round(real / (scale_x * scale_w))


# %% answer_phone
scales = 2_000_000_000 // 32 * 2
answer_3 = (2_000_000_000 // 2 + scales) / 45_000_000
