"""The verdicts of a report, and its pictures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from coursekit.monitoring.distances import Reference


@pytest.fixture(scope="module")
def report():
    rng = np.random.default_rng(0)
    before = pd.DataFrame(
        {"small": rng.normal(size=20_000), "large": rng.normal(size=20_000), "same": rng.random(20_000)}
    )
    before["gone"], before["word"] = 1.0, rng.choice(["a", "b"], 20_000)
    now = pd.DataFrame({"small": rng.normal(0.05, 1, 20_000), "large": rng.normal(1, 1, 20_000)})
    now["same"], now["fresh"], now["word"] = rng.random(20_000), 1, rng.choice(["a", "b"], 20_000)
    return Reference().fit(before).compare(now)


def test_a_verdict_asks_for_certainty_and_for_size(report):
    assert report.drifted() == ["small", "large", "gone"]
    assert report.drifted(min_distance=0.1) == ["large", "gone"]
    assert report.drifted(min_distance=0.5, distance="wasserstein") == ["large", "gone"]
    assert report.drifted(fdr=0) == ["large", "gone"]  # whose q-value is below what a float can hold


def test_certainty_alone_would_be_a_matter_of_sample_size():
    """A shift of .02 is lost among 1,000 rows and certain among 1,000,000; its distance is the same."""
    rng = np.random.default_rng(0)
    for n, certain in ((1_000, False), (1_000_000, True)):
        report = Reference().fit(rng.normal(size=(n, 1))).compare(rng.normal(0.02, 1, size=(n, 1)))
        assert (report.drifted() == ["x0"]) == certain
        assert report.drifted(min_distance=0.1) == []


def test_the_table_is_a_copy(report):
    frame = report.to_frame()
    frame["js"] = 9
    assert (report.to_frame()["js"] != 9).all()


def test_the_picture_shows_each_feature_once_the_farthest_on_top(report):
    figure = report.plot()
    assert list(figure.layout.yaxis.categoryarray) == ["gone", "large", "small", *_rest(report)]
    drawn = {trace.name: list(trace.y) for trace in figure.data}
    assert drawn == {"그대로인 피처": _rest(report), "움직인 피처": ["gone", "large", "small"]}
    assert figure.data[1].text[0] == "사라진 피처"
    assert len(report.plot(top=2, distance="psi").data[1].y) == 2


def _rest(report) -> list[str]:
    frame = report.to_frame().set_index("feature")
    return frame.loc[["same", "word"], "js"].sort_values(ascending=False).index.tolist()


def test_infinite_distances_can_be_drawn():
    before, now = np.zeros((50, 1)), np.ones((50, 1))
    figure = Reference(pseudo_count=0).fit(before).compare(now).plot(distance="kl")
    assert figure.data[1].text[0].startswith("∞")
    assert np.isfinite(figure.data[1].x[0])


def test_a_feature_is_drawn_bin_by_bin(report):
    figure = report.plot_feature("large")
    assert [trace.name for trace in figure.data] == ["기준", "현재"]
    assert [sum(trace.y) for trace in figure.data] == pytest.approx([1, 1])
    frame = report.histograms["large"].to_frame()
    assert len(figure.data[0].x) == len(frame) == 10
    assert frame[["reference", "now"]].sum().tolist() == [20_000, 20_000]


def test_what_is_not_in_the_report_is_refused(report):
    with pytest.raises(ValueError, match="no feature 'gone' that was compared; there are 'small'"):
        report.plot_feature("gone")
    with pytest.raises(ValueError, match="distance 'ks' is not in this report"):
        Reference(keep_samples=False).fit(np.zeros((3, 1))).compare(np.zeros((3, 1))).drifted(distance="ks")
    with pytest.raises(ValueError, match="distance 'status'"):
        report.plot(distance="status")
    with pytest.raises(ValueError, match="fdr"):
        report.drifted(fdr=5)


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0.001, 0.002, 0.003, 0.004], ["≤ 0.002", "> 0.002"]),
        ([1000001.0, 1000002.0, 1000003.0], ["≤ 1,000,001", "(1,000,001, 1,000,002]", "> 1,000,002"]),
        ([-12345.6, 23456.7, 34567.8], ["≤ -12,300", "(-12,300, 23,500]", "> 23,500"]),
        ([1e-9, 2e-9, 3e15], ["≤ 1e-09", "(1e-09, 2e-09]", "> 2e-09"]),
        ([-0.25, 0.0, 0.5], ["≤ -0.25", "(-0.25, 0]", "> 0"]),
        ([12345.678] * 3, ["= 12,345.678"]),
        ([0.1, 0.1, 0.1, 0.1, 0.12345, 0.3], ["= 0.1", "(0.1, 0.123]", "> 0.123"]),
    ],
)
def test_bins_are_told_apart(values, labels):
    column = np.array(values)[:, None]
    bins = 2 if values[0] == 0.001 else 3 if len(values) != 6 else 5
    assert Reference(bins=bins).fit(column).compare(column).histograms["x0"].to_frame()["bin"].tolist() == labels


def test_a_feature_without_the_distance_is_not_spared_for_it():
    rng = np.random.default_rng(0)
    before = pd.DataFrame(
        {"a": rng.normal(size=500), "word": rng.choice(["x", "y"], 500), "same": rng.normal(size=500)}
    )
    now = before.assign(word="x", a=np.nan)
    report = Reference().fit(before).compare(now)
    for distance in ("ks", "wasserstein"):
        assert report.drifted(distance=distance, min_distance=0.1) == ["a", "word"]


def test_a_verdict_takes_a_distance_that_the_report_has():
    rng = np.random.default_rng(0)
    before = rng.normal(size=(500, 1))
    report = Reference().fit(before).compare(before + 1, distances="ks")
    assert report.drifted() == report.drifted(distance="ks") == ["x0"]
    assert "KS" in report.plot().layout.title.text
    with pytest.raises(ValueError, match="min_distance must be a number"):
        report.drifted(min_distance=float("nan"))
    with pytest.raises(ValueError, match="distances is empty"):
        Reference().fit(before).compare(before, distances=())
