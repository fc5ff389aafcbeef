"""실제 HTTP 요청에 모델의 답을 합니다."""

from __future__ import annotations

import httpx
import pytest
from coursekit.deployment.serving import ServerProcess

from system import serving


@pytest.fixture(scope="module")
def served(model_path):
    """결함이 있는 후보를 띄웁니다. 짧은 질의에는 바르게 답합니다."""
    with ServerProcess(
        serving.FACTORY, options={"model_path": str(model_path), "name": "v2", "defect": True}
    ) as server:
        yield server.url


def test_answers_are_the_models(served, fitted, dataset):
    short = dataset.held_out["text"][dataset.held_out["text"].str.len() <= serving.BUFFER].head(30).tolist()
    assert serving.ask(served, short) == fitted.predict(short).tolist()


def test_the_defect_fails_long_queries_alone(served):
    assert httpx.post(f"{served}/predict", json={"query": "가" * 21}).status_code == 500
    assert httpx.post(f"{served}/predict", json={"query": "가" * 20}).status_code == 200


@pytest.mark.parametrize("body", [{}, {"query": ""}, {"query": 3}])
def test_a_bad_request_is_refused(served, body):
    assert httpx.post(f"{served}/predict", json=body).status_code == 422
