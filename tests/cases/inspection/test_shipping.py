import numpy as np
import pytest

from coursekit.cases.inspection import as_input, make_parts, shipped_inspector, shipped_model
from coursekit.cases.inspection.shipping import PRECISIONS
from coursekit.modeling.optimization.lite_model import LiteModel


def test_both_files_judge_parts_as_well_as_the_story_says():
    parts = make_parts(2_000, defect_rate=0.5, size=48, seed=77)
    accuracy = {}
    for precision in PRECISIONS:
        model = LiteModel(shipped_model(precision))
        accuracy[precision] = (model.predict(as_input(parts.images)).argmax(axis=1) == parts.is_defective).mean()
    # .964 was measured on 20,000 parts; four standard errors of 2,000 are .017
    assert min(accuracy.values()) > 0.945
    assert abs(accuracy["float32"] - accuracy["int8"]) < 0.01


def test_only_one_takes_integers():
    assert LiteModel(shipped_model("int8")).is_integer
    assert not LiteModel(shipped_model("float32")).is_integer


def test_another_precision_is_told():
    with pytest.raises(ValueError, match="float32, int8"):
        shipped_model("int4")


def test_the_files_are_of_one_network():
    X = as_input(make_parts(200, size=48, seed=3).images)
    wanted = shipped_inspector().model_.predict(X, verbose=0)
    np.testing.assert_allclose(LiteModel(shipped_model("float32")).predict(X), wanted, atol=1e-4)
