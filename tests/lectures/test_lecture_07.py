"""What lecture 7 says in words is what its cells compute.

Its cells run here once in one namespace, as a student would run them, and the sentences of the text are
checked as numbers. The notebook itself is executed by ``tests/test_notebooks.py``.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coursekit.explore import Prediction

sys.path.insert(0, str(Path(__file__).resolve().parent))
from lecture_runs import run_cells

NOTEBOOK = "07_model_optimization.ipynb"
KEEP = {
    "affine-one": {"written": "table"},
    "affine-sqnr": {"decibels_a_bit": "slopes"},
    "calibration-accident": {"accident": "accuracy"},
    "calibration-methods": {"calibrators": "rows"},
    "channel-table": {"channels": "table"},
    "channel-bits": {"few": "rows"},
    "integer-by-hand": {"last_layer": "by_hand"},
    "integer-roundings": {"roundings": "rules", "rounded": "exact"},
    "pruning-graph": {"graph": "table"},
    "distilling-run": {"distilled": "table"},
}
CLEAN, SPOILED = "깨끗한 200장", "한 장이 잘못됨"
FLASH = 32 * 1024


@pytest.fixture(scope="module")
def ran():
    """The namespace after running every code cell; ``revealed`` holds the results of the guesses."""
    revealed = []
    reveal = Prediction.reveal

    def noted(prediction, actual):
        revealed.append(reveal(prediction, actual))
        return revealed[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Prediction, "reveal", noted)
        names = run_cells(NOTEBOOK, keep=KEEP)
    return names | {"revealed": {one.question: one.actual for one in revealed}}


def half_width(accuracy, n):
    """Of the 95% interval of an accuracy measured on n parts."""
    return 1.96 * np.sqrt(accuracy * (1 - accuracy) / n)


def test_every_guess_is_answered(ran):
    guesses = {name: value for name, value in ran.items() if isinstance(value, Prediction)}
    assert len(guesses) == 8
    assert {guess.question for guess in guesses.values()} == set(ran["revealed"])


def test_the_budget_is_arithmetic(ran):
    sizes = ran["sizes"]
    assert ran["parameters"] == 2.5e9
    assert sizes.loc["float32", "답 하나의 하한 (ms)"] == pytest.approx(333, abs=1), "0.33 s at 30 GB/s"
    four = sizes.loc["int4, 32개씩"] / sizes.loc["float32"]
    np.testing.assert_allclose(four, 4.5 / 32, rtol=1e-12)  # size and bound shrink alike, and not to an eighth
    assert sizes.loc["int4, 32개씩", "크기 (GB)"] == pytest.approx(1.4, abs=0.05)


def test_the_file_is_three_flashes_and_int8_fits_one(ran):
    lite, accident = ran["lite"], ran["accident"]
    assert lite["float32"].nbytes / FLASH == pytest.approx(3, abs=0.2), "the text says three times the flash"
    assert lite["float32"].nbytes / lite["int8"].nbytes == pytest.approx(3, abs=0.2)
    assert lite["int8"].nbytes < FLASH
    assert accident["int8"] > accident["float32"] - 0.01, "the quality team gives no whole point"
    assert 20_000 < ran["network"].count_params() < 30_000


def test_zero_is_on_the_grid(ran):
    first, written = ran["first"], ran["written"].set_index("실수")
    assert float(first.scale) == pytest.approx((1.27 + 0.61) / 255)
    assert written.loc[0.0, "정수"] == int(first.zero_point)
    assert written.loc[0.0, "되돌린 값"] == 0
    # half a step to the nearest grid value, and half a step more at the ends, for the zero point was rounded
    assert (np.abs(written["되돌린 값"] - written.index) <= float(first.scale)).all()


def test_a_bit_is_worth_six_decibels(ran):
    slopes = ran["decibels_a_bit"]
    assert len(slopes) == 6
    # 20 log10(2) = 6.02, and a little more: b bits have 2^(b-1) - 1 steps a side, not 2^(b-1)
    assert 6.0 < min(slopes) <= max(slopes) < 6.3


def test_one_spoiled_picture_ruins_the_model_in_silence(ran):
    lite, accident = ran["lite"], ran["accident"]
    spoiled = "int8, 한 장이 잘못됨"
    assert abs(accident[spoiled] - 0.5) < 0.05, "half of the parts are defective: a coin does as well"
    assert lite[spoiled].nbytes == lite["int8"].nbytes
    assert ran["revealed"][ran["guess_bad"].question] == pytest.approx(100 * accident[spoiled])


def test_of_the_calibrators_only_the_one_that_counts_survives(ran):
    table = pd.DataFrame(ran["calibrators"], index=["edge", "decibels"]).T
    clean, spoiled = (table.xs(which, level=1) for which in (CLEAN, SPOILED))
    others = clean["decibels"].drop("MinMax")
    assert np.ptp(others) < 1 < others.min() - clean.loc["MinMax", "decibels"] < 6, "only min-max lags, a little"
    assert 80 < spoiled.loc["MinMax", "edge"] / clean.loc["MinMax", "edge"] < 150, "a range a hundred times as wide"
    # all values round to zero under the three ruined ranges, and the error is as large as the signal: 0 dB
    assert (spoiled["decibels"].drop("Entropy") < 0.5).all()
    assert spoiled.loc["Entropy", "decibels"] > clean.loc["Entropy", "decibels"] - 3


def test_the_stretched_model_is_the_same_function_and_needs_channels(ran):
    calm, wild = ran["channels"].loc["원래 모델"], ran["channels"].loc["채널 하나가 100배인 모델"]
    assert wild["실수"] == pytest.approx(calm["실수"], abs=0.001)  # float32 rounds differently: 2 parts of 2,000
    assert wild["실수"] - wild["8비트, 텐서 하나"] > 0.02
    assert wild["실수"] - wild["8비트, 채널마다"] < 0.015
    assert (calm["실수"] - calm.drop("실수") < 0.015).all()


def test_the_stretched_channel_leaves_a_step_or_two_to_the_others(ran):
    largest = ran["largest"]
    assert largest.max() < 2 * np.median(largest), "the text calls the model well-behaved"
    edge = np.abs(ran["wild"][ran["one"]]).max()
    assert 20 < edge / largest.max() < 100, "the grid is some tens of times as wide"
    steps = 127 * largest[1:] / edge  # how far the largest weight of each other channel is from zero
    assert 1 < np.median(steps) < 2 and steps.max() < 3


def test_below_four_bits_the_range_decides(ran):
    few = {at: dict(zip(("minmax", "mse"), got, strict=True)) for at, got in ran["few"].items()}
    sound = ran["channels"].loc["원래 모델", "실수"]
    for where in ("텐서 하나", "채널마다"):
        assert min(few["4비트", where].values()) > sound - 0.03, "at four bits every way holds"
        assert few["3비트", where]["mse"] - few["3비트", where]["minmax"] > 0.10
    assert few["3비트", "채널마다"]["minmax"] < few["3비트", "텐서 하나"]["minmax"], "channels do not always help"


def test_the_integer_file_has_neither_normalization_nor_relu(ran):
    layers = ran["engine"].layers
    assert set(layers["op"]) == {"CONV_2D", "MAX_POOL_2D", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX"}
    convolutions = layers[layers["op"] == "CONV_2D"]
    assert (convolutions["zero_point"] == -128).all(), "the clip at the lowest integer is the ReLU"
    # a multiplier of 31 bits, the first of which is 1, is rounded by at most half of its last
    for real, m, e in zip(ran["dense"].constants["real"], ran["multiplier"], ran["shift"], strict=True):
        assert abs(m * 2.0 ** (e - 31) - real) <= real * 2.0**-31


def test_the_last_layer_by_hand_is_the_engine_everywhere(ran):
    assert ran["last_layer"].shape == (200, 2)
    np.testing.assert_array_equal(ran["last_layer"], ran["dense"].output)


def test_the_engine_is_litert_to_the_bit_and_xnnpack_is_not(ran):
    apart = ran["apart"]
    assert apart.loc["LiteRT reference", "우리 엔진 (reference)"] == 0
    assert apart.loc["LiteRT builtin", "우리 엔진 (builtin)"] == 0
    assert (apart.loc["LiteRT xnnpack"] > 0).all()


def test_right_roundings_differ_in_two_of_a_thousand_and_truncation_is_biased(ran):
    exact = ran["rounded"]
    differ = {rule: got - exact for rule, got in ran["roundings"].items()}
    truncated = differ.pop("버림(오른쪽 밀기만)")
    assert len(differ) == 3
    for difference in differ.values():
        assert 0.001 < np.mean(difference != 0) < 0.003
        assert np.abs(difference).max() == 1, "a layer is apart by one step"
        assert abs(difference.mean()) < 0.003
    # fractions are even over [0, 1): floor is below the nearest in half of a million, give or take 0.0005 (1 sigma)
    assert np.mean(truncated != 0) == pytest.approx(0.5, abs=0.005)
    assert truncated.mean() == pytest.approx(-0.5, abs=0.005)


def test_against_its_control_there_is_nothing_for_qat_to_win_back(ran):
    shown, paired = ran["difference"], ran["right"]("QAT") - ran["right"]("더 학습 (대조군)")
    assert shown.estimate == pytest.approx(paired.mean())
    half = 1.96 * paired.std() / np.sqrt(len(paired))
    # the bootstrap is the normal interval up to its resampling and steps of 1/4,000
    for edge, wanted in ((shown.low, paired.mean() - half), (shown.high, paired.mean() + half)):
        assert edge == pytest.approx(wanted, abs=0.25 * half + 1 / len(paired))
    # the sentence is "if it holds 0"; that nothing is won back is said outright: less than a point, 4 half widths
    assert shown.low < 0.005 and shown.high < 0.01


def test_pruning_saves_the_download_and_not_a_byte_of_the_file(ran):
    whole, pruned = ran["lite"]["int8"], ran["lite"]["프루닝 80%"]
    assert pruned.nbytes == whole.nbytes
    assert pruned.gzip_nbytes < whole.gzip_nbytes / 2
    assert ran["revealed"][ran["guess_pruned"].question] == 100


def test_most_pairs_of_channels_stay_joined(ran):
    graph = ran["graph"]
    np.testing.assert_allclose(graph["남은 간선"], 0.2, atol=0.005)  # whole edges of at least 400: 1/400 and a half
    assert (graph["이어진 채널 쌍"] > 0.75).all()
    assert graph["외톨이 꼭짓점"].sum() <= 0.05 * graph["꼭짓점"].sum()


def test_sixteen_values_save_less_than_their_four_bits_promise(ran):
    assert (ran["tuned"]["16개 값"].to_frame()["distinct"] == 16).all()
    shared, whole = ran["lite"]["16개 값"], ran["lite"]["int8"]
    assert shared.nbytes == whole.nbytes
    assert 0.6 < shared.gzip_nbytes / whole.gzip_nbytes < 0.95


def test_the_teacher_helps_where_labels_are_missing(ran):
    table, n = ran["distilled"], 2_000
    gain = table["학생 - 대조군 (%p)"] / 100
    np.testing.assert_allclose(gain, table["학생"] - table["대조군"], atol=1e-12)
    widths = table[["학생", "대조군"]].map(half_width, n=n)
    np.testing.assert_allclose(widths, 0.018, atol=0.003)  # "1.8 points" at 80%; 0.015 at 87%, 0.021 at 65%
    by_chance = np.sqrt(2) * widths.max(axis=None)  # of a difference of two accuracies
    assert abs(gain["레이블만"]) < by_chance, "hard to tell from chance"
    assert gain["레이블 없는 사진도"] > max(by_chance, gain["레이블만"])
    assert (table["학생"] < table["교사"] - by_chance).all()


def test_the_report_shows_savings_of_sharing_and_pruning_only_compressed(ran):
    table = ran["report"].to_frame().set_index("model")
    assert set(table.index) == set(ran["lite"])
    integer = table.drop(index="float32")
    same = integer.drop(index="QAT")["bytes"]
    assert (same == same["int8"]).all()
    # layers of QAT have longer names ("quant_", "LastValueQuant"), which the file holds: some 600 bytes
    assert 0 <= integer.loc["QAT", "bytes"] - same["int8"] < 1_000
    smaller = integer["gzip_bytes"] < 0.95 * integer.loc["int8", "gzip_bytes"]
    assert set(integer.index[smaller]) == {"프루닝 80%", "16개 값"}


def test_the_first_convolution_is_the_one_that_hurts(ran):
    table = ran["sensitivity"].to_frame().set_index(["layer", "bits"])
    first = ran["network"].layers[[bool(layer.weights) for layer in ran["network"].layers].index(True)]
    four = table.xs(4, level="bits")["loss"]
    assert four.idxmax() == first.name
    assert four[first.name] > 0.2 and four.drop(first.name).max() < 0.02
    assert first.count_params() == 400
    assert table.loc[(first.name, 8), "nbytes"] - table.loc[(first.name, 4), "nbytes"] == 200


def test_the_search_keeps_the_bits_where_it_hurts(ran):
    search, tried = ran["search"], ran["search"].to_frame().set_index("technique")
    assert search.chosen == "mixed 8/4 bits"
    assert list(tried.index[tried["meets"]]) == [search.chosen]
    assert tried.loc["int8", "over_bytes"] > 0 and tried.loc["int8", "under_accuracy"] == 0
    assert tried.loc["int4", "over_bytes"] == 0 and tried.loc["int4", "under_accuracy"] > 0.1
    assert tried.loc[search.chosen, "bytes"] <= 24 * 1024
