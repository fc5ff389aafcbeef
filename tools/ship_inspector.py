"""Train the inspector that coursekit.cases.inspection.shipped_model and shipped_inspector read, and write its files.

    python tools/ship_inspector.py

Takes half a minute. On another processor the last bits of the weights, and so the files, come out otherwise;
tests/cases/inspection/test_shipping.py says what must hold of them.
"""

from __future__ import annotations

from pathlib import Path

from coursekit.cases.inspection import CnnInspector, as_input, make_parts
from coursekit.cases.inspection.shipping import PRECISIONS
from coursekit.modeling.optimization.converting import convert

FOLDER = Path(__file__).parents[1] / "coursekit/cases/inspection/shipped"


def main() -> None:
    """Train, convert, write."""
    parts = make_parts(8_000, defect_rate=0.5, size=48, seed=20)
    inspector = CnnInspector(epochs=10, seed=0).fit(parts)
    samples = as_input(make_parts(300, defect_rate=0.5, size=48, seed=21).images)
    print(inspector.save(FOLDER / "inspector.npz"))
    for precision in PRECISIONS:
        print(convert(inspector.model_, precision, samples=samples).save(FOLDER / f"inspector_{precision}.tflite"))


if __name__ == "__main__":
    main()
