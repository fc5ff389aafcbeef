"""모델은 기초선보다 낫고, 저장해도 같은 답을 합니다."""

from __future__ import annotations

from system import model


def test_it_beats_the_baseline_beyond_chance(fitted, dataset):
    found = model.evidence(fitted, dataset)
    assert found["gain_low"].value > 0
    assert found["accuracy_low"].value < found["accuracy"].value < found["accuracy_high"].value


def test_a_saved_model_answers_the_same(fitted, model_path, dataset):
    queries = dataset.held_out["text"].head(200)
    assert (model.load(model_path).predict(queries) == fitted.predict(queries)).all()


def test_a_space_does_not_change_an_answer(fitted):
    for query in ("내일 날씨 알려줘", "신나는 노래 틀어줘"):
        assert fitted.predict([query]) == fitted.predict([f" {query} "])
