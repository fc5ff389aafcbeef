"""The factory: seconds to draw and train, recall in two lights, whether its probability holds, the line."""

from __future__ import annotations

import time

import numpy as np
from sklearn.metrics import roc_auc_score

from coursekit.cases import inspection
from coursekit.modeling.evaluation import calibration


def _row(figure: str, value: float, unit: str = "", *, bar: str = "", holds: bool | None = None) -> dict:
    held = None if holds is None else bool(holds)
    return {"figure": figure, "value": float(value), "unit": unit, "bar": bar, "holds": held}


def _network() -> list[dict]:
    started = time.perf_counter()
    inspection.make_parts(10, seed=0)
    compiled = time.perf_counter()
    parts = inspection.make_parts(6_000, defect_rate=0.5, seed=20)
    drawn = time.perf_counter()
    held_out = inspection.make_parts(10_000, defect_rate=0.5, seed=21)
    begun, processor = time.perf_counter(), time.process_time()
    model = inspection.CnnInspector(seed=20).fit(parts, calibration_parts=held_out)
    took, cpu = time.perf_counter() - begun, time.process_time() - processor
    rows = [
        _row("first call, with compiling", compiled - started, "s"),
        _row("6,000 parts drawn", drawn - compiled, "s"),
        _row("training on 6,000 parts, wall", took, "s", bar="< 60", holds=took < 60),
        _row("training on 6,000 parts, processor", cpu, "s"),
        _row("parameters", model.model_.count_params(), bar="<= 220,000", holds=model.model_.count_params() <= 220_000),
    ]
    threshold = None
    for lighting in ("lab", "factory"):
        seen = inspection.make_parts(10_000, defect_rate=0.3, lighting=lighting, seed=4_321)
        probability, bad = model.defect_probability(seen, defect_rate=0.3), seen.is_defective
        if threshold is None:
            threshold = np.quantile(probability[~bad], 0.99)
            curve = calibration(bad.astype(int), probability)
            rows.append(_row("calibration slope, lab", curve.slope))
            rows.append(_row("calibration intercept, lab", curve.intercept))
        rows.append(_row(f"AUC, {lighting}", roc_auc_score(bad, probability)))
        rows.append(
            _row(
                f"recall at the lab's threshold of 1% false rejects, {lighting}", np.mean(probability[bad] >= threshold)
            )
        )
        rows.append(_row(f"false rejects at that threshold, {lighting}", np.mean(probability[~bad] >= threshold)))
    return rows


def _line() -> list[dict]:
    rows = []
    model = inspection.ScoreModel(factory_recall=0.60)
    line = inspection.FactoryLine(model=model)
    plans = {
        "people only": ("human", 0.0),
        "5% by the model, no audit": ("canary", 0.0),
        "5% by the model, 20% audited": ("canary", 0.2),
        "straight to 100%": (1.0, 0.0),
    }
    table = inspection.compare_plans(line, plans, days=60).to_frame()
    for name, row in table.iterrows():
        rows.append(_row(f"bad parts shipped in 60 days, model of 60%, {name}", row["shipped"], "parts"))
        rows.append(_row(f"apparent recall, {name}", row["apparent_recall"]))
    for recall in (0.60, 0.90, 0.95, 0.98):
        own = inspection.FactoryLine(model=inspection.ScoreModel(factory_recall=recall))
        ended = inspection.line_rollouts(own, runs=1_000)
        for verdict in ("PASS", "FAIL"):
            told = (
                {"bar": "<= .05", "holds": ended.share("FAIL") <= 0.05} if (recall, verdict) == (0.95, "FAIL") else {}
            )
            rows.append(_row(f"on evidence, model of {recall:.0%}: {verdict}", ended.share(verdict), **told))
        rows.append(_row(f"on evidence, model of {recall:.0%}: shipped beyond people's", ended.extra.mean(), "parts"))
    return rows


def run() -> list[dict]:
    """Figures of the factory."""
    return [*_network(), *_line()]
