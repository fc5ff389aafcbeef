"""테스트가 함께 쓰는 것: 작은 데이터, 한 번 학습한 모델, 한 번 저장한 파일."""

from __future__ import annotations

import pytest

from system import data, model


@pytest.fixture(scope="session")
def dataset():
    """평가 질의는 그대로이고 학습 질의만 줄인 데이터입니다."""
    return data.load(1_500)


@pytest.fixture(scope="session")
def fitted(dataset):
    """학습한 모델입니다."""
    return model.train(dataset)


@pytest.fixture(scope="session")
def model_path(fitted, tmp_path_factory):
    """서버가 읽을 모델 파일입니다."""
    return model.save(fitted, tmp_path_factory.mktemp("build") / "model.joblib")
