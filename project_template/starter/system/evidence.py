"""증거: 시스템을 처음부터 끝까지 실행해 evidence/*.json 을 다시 만듭니다. ``python -m system.evidence``."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from system import data, model, monitoring, recording, rollout, serving

BUILD = Path("build")


def main() -> None:
    """다섯 부분을 차례로 실행합니다."""
    started = time.perf_counter()
    shutil.rmtree(BUILD, ignore_errors=True)
    dataset = data.load()
    fitted = model.train(dataset)
    path = model.save(fitted, BUILD / "model.joblib").resolve()
    steps = {
        "data": lambda: data.evidence(dataset),
        "model": lambda: model.evidence(fitted, dataset),
        "serving": lambda: serving.evidence(path, dataset),
        "rollout": lambda: rollout.evidence(path, dataset),
        "monitoring": lambda: monitoring.evidence(fitted, dataset, BUILD / "log"),
    }
    for part, measure in steps.items():
        file = recording.write(part, measure())
        print(f"{time.perf_counter() - started:5.1f} s  {file}")


if __name__ == "__main__":
    main()
