"""Week 7: the integer engine against LiteRT, bit for bit and in time; what quantization saves and costs."""

from __future__ import annotations

import time
from functools import partial

import numpy as np

from coursekit.cases import inspection
from coursekit.modeling.optimization import IntegerModel, LiteModel, convert
from coursekit.modeling.training import load_keras

_PICTURES = 10_000
_SIZE = 32


def _row(figure: str, value: float, unit: str = "", *, bar: str = "", holds: bool | None = None) -> dict:
    held = None if holds is None else bool(holds)
    return {"figure": figure, "value": float(value), "unit": unit, "bar": bar, "holds": held}


def _files() -> dict[str, LiteModel]:
    """Eight kinds of full-int8 files: four shapes, both weight granularities, and what was trained for int8."""
    from coursekit.modeling.optimization import cluster, prune, quantization_aware

    keras = load_keras()
    parts = inspection.make_parts(3_000, defect_rate=0.8, size=_SIZE, seed=5)
    X, y = inspection.as_input(parts.images), parts.defect + 1
    files, trained = {}, {}
    for kind in inspection.NETWORKS:
        network = trained[kind] = inspection.build_network(kind, size=_SIZE, classes=5)
        network.compile(keras.optimizers.Adam(3e-4 if kind == "dense" else 3e-3), "sparse_categorical_crossentropy")
        network.fit(X, y, epochs=4, verbose=0)
        files[f"{kind}, per channel"] = convert(network, "int8", samples=X[:200])
    files["inspector, per tensor"] = convert(trained["inspector"], "int8 per tensor", samples=X[:200])
    files["mobile, per tensor"] = convert(trained["mobile"], "int8 per tensor", samples=X[:200])
    files["inspector, QAT"] = convert(quantization_aware(trained["inspector"], X, y).model, "int8")
    sparse = cluster(prune(trained["inspector"], X, y), X, y, preserve_sparsity=True)
    files["inspector, PCQAT"] = convert(quantization_aware(sparse, X, y, keep="both").model, "int8")
    return files


def _exactness(files: dict[str, LiteModel]) -> list[dict]:
    pictures = inspection.as_input(inspection.make_parts(_PICTURES, defect_rate=0.8, size=_SIZE, seed=6).images)
    rows = []
    for name, file in files.items():
        for rounding in ("reference", "builtin"):
            model = IntegerModel.from_tflite(file, rounding=rounding)
            x = model.quantize_input(pictures)
            ours = model.predict(x)
            apart = np.count_nonzero(ours != file.predict_raw(x, kernels=rounding))
            figure = f"{name}: of {5 * _PICTURES:,} outputs, other than LiteRT's {rounding} kernels"
            rows.append(_row(figure, apart, bar="0", holds=apart == 0))
        fast = file.predict_raw(x, kernels="xnnpack")
        rows.append(_row(f"{name}: other than XNNPACK's", np.count_nonzero(ours != fast)))
    return rows


def _speed(files: dict[str, LiteModel]) -> list[dict]:
    """Microseconds a picture in batches of 64, the two side by side; medians of ratios of neighbouring runs."""
    rows = []
    pictures = inspection.as_input(inspection.make_parts(256, size=_SIZE, seed=7).images)
    for name, file in files.items():
        model = IntegerModel.from_tflite(file)
        x = model.quantize_input(pictures)
        model.predict(x)
        ours, theirs, builtin = [], [], []
        for _ in range(7):
            for times, run in (
                (ours, model.predict),
                (theirs, partial(file.predict_raw, kernels="reference")),
                (builtin, partial(file.predict_raw, kernels="builtin")),
            ):
                started = time.perf_counter()
                run(x)
                times.append((time.perf_counter() - started) / len(x) * 1e6)
        ratio = float(np.median(np.array(ours) / np.array(theirs)))
        rows.append(_row(f"{name}: time of the compiled engine", np.median(ours), "us"))
        rows.append(_row(f"{name}: time over the reference kernels'", ratio, "x", bar="<= 2", holds=ratio <= 2))
        rows.append(
            _row(f"{name}: time over the built-in kernels'", np.median(np.array(ours) / np.array(builtin)), "x")
        )
    return rows


def _sizes() -> list[dict]:
    """A network sixteen times as large as it need be: bytes, accuracy on 10,000 parts, and the loss of each file."""
    from coursekit.modeling.optimization import compare, layer_sensitivity, quantize_weights

    parts, held, unseen = (
        inspection.make_parts(n, defect_rate=0.5, size=48, seed=seed)
        for n, seed in ((8_000, 1), (2_000, 2), (10_000, 3))
    )
    inspector = inspection.CnnInspector(width=4, epochs=8, learning_rate=2e-3).fit(parts, calibration_parts=held)
    network, samples = inspector.model_, inspection.as_input(parts.take(range(300)).images)
    chosen = inspection.as_input(held.take(range(500)).images), held.is_defective[:500].astype(int)
    int8 = convert(network, "int8", samples=samples)
    plan = layer_sensitivity(network, *chosen, bits=(8, 4)).plan(max_bytes=0.9 * int8.nbytes)
    tender = next(layer.name for layer in network.layers if "conv" in layer.name)
    models = {
        "float32": convert(network, "float32"),
        "int8": int8,
        "mixed 8/4 bits": quantize_weights(network, plan, samples=samples),
        "mixed, mostly 4 bits": quantize_weights(network, {tender: 8, ".*": 4}, samples=samples),
    }
    report = compare(models, inspection.as_input(unseen.images), unseen.is_defective.astype(int))
    frame = report.to_frame().set_index("model")
    rows = []
    for name, told in frame.iterrows():
        times, loss = frame.loc["float32", "bytes"] / told["bytes"], frame.loc["float32", "accuracy"] - told["accuracy"]
        gated = name == "mixed 8/4 bits"
        rows.append(_row(f"inspector of width 4, {name}: accuracy", told["accuracy"]))
        rows.append(
            _row(
                f"... bytes, {told['bytes']:,.0f}: times smaller",
                times,
                "x",
                bar=">= 3.9" * gated,
                holds=times >= 3.9 if gated else None,
            )
        )
        rows.append(
            _row("... points lost", 100 * loss, "points", bar="<= 0.5" * gated, holds=loss <= 0.005 if gated else None)
        )
        rows.append(_row("... gzip bytes", told["gzip_bytes"]))
        rows.append(_row("... median of one answer (XNNPACK, one thread)", told["median_ms"], "ms"))
    return rows


def run() -> list[dict]:
    files = _files()
    return _exactness(files) + _speed(files) + _sizes()
