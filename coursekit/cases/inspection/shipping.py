"""The inspector as it went to the factory: small files that need no training to be looked at."""

from __future__ import annotations

from pathlib import Path

from coursekit.cases.inspection.model import CnnInspector

_FOLDER = Path(__file__).parent / "shipped"
PRECISIONS = ("float32", "int8")
"""What the shipped inspector comes in."""


def shipped_model(precision: str = "int8") -> bytes:
    """Read a trained inspector of 24 thousand parameters as a .tflite file, in float32 or in full int8.

    Whoever runs a model on a device meets it as a file and not as a training script. These two hold one network
    (`CnnInspector` of width 1 on pictures of 48 by 48, trained on half defective parts in the lab's light), so
    that an int8 engine can be written, and judged, in seconds and without TensorFlow. ``tools/ship_inspector.py``
    makes them; the int8 file is quantized per channel, with weights, activations, input and output in int8.

    Parameters
    ----------
    precision
        ``"float32"`` or ``"int8"``.

    Raises
    ------
    ValueError
        If there is no such file.

    Examples
    --------
    >>> float_bytes, int8_bytes = len(shipped_model("float32")), len(shipped_model("int8"))
    >>> 2.5 < float_bytes / int8_bytes < 4
    True
    """
    if precision not in PRECISIONS:
        raise ValueError(f"shipped_model: precision must be one of {', '.join(PRECISIONS)}, got {precision!r}")
    return (_FOLDER / f"inspector_{precision}.tflite").read_bytes()


def shipped_inspector() -> CnnInspector:
    """Read the same inspector as it was trained, to be compressed in other ways.

    Training it takes half a minute. What is done to a trained network (quantizing, pruning, distilling) is easier
    to compare when all of it starts from the same one.

    Examples
    --------
    >>> inspector = shipped_inspector()
    >>> inspector.width, inspector.size_
    (1, 48)
    """
    return CnnInspector.load(_FOLDER / "inspector.npz")
