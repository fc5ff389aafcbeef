"""What examples must be that a model is shown: numbers of its input's shape, and finite."""

from __future__ import annotations

import numpy as np


def check_examples(where: str, shape: tuple[int | None, ...], X: np.ndarray, *, parameter: str = "X") -> np.ndarray:
    """Give the examples as float32; raise unless they are at least one, of the shape (None fits any), and finite."""
    values = np.asarray(X)
    fits = values.ndim == len(shape) + 1 and all(
        want in (None, got) for want, got in zip(shape, values.shape[1:], strict=True)
    )
    if not fits or not len(values) or values.dtype.kind not in "fiub":
        raise ValueError(
            f"{where}: {parameter} must be numbers of shape (n, {', '.join(map(str, shape))}) with n of at least 1, "
            f"got {values.dtype} of shape {values.shape}"
        )
    finite = np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    if not finite.all():
        raise ValueError(
            f"{where}: {np.count_nonzero(~finite)} of {len(values)} examples in {parameter} hold NaN or infinity, the "
            f"first is example {int(np.argmin(finite))}; one of them makes every range or weight NaN"
        )
    return values.astype(np.float32)
