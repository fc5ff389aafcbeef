"""Models made small: quantization, pruning, sharing of weights, and what they cost."""
