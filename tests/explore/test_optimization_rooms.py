"""Do the number line, the ladder and the chooser of week 7 show what they compute, and compute what they say?"""

from __future__ import annotations

import itertools
import re

import numpy as np
import pandas as pd
import pytest

from coursekit.explore import layer_ladder, number_line, number_line_quantizer, pareto_chooser
from coursekit.explore._number_line_figure import FARTHEST, PLACES
from coursekit.explore._pareto_figure import LATENCIES, _told
from coursekit.explore.pareto import FIRST, _choose
from coursekit.explore.quantizing import CALIBRATIONS, MOST_VALUES
from coursekit.explore.sensitivity import MOST_LAYERS, _Ladder
from coursekit.modeling.optimization.quantizing import quantize

HANGUL = re.compile("[가-힣]")


def choose(room, **choice):
    """Turn the controls; a room that fails to draw keeps its old figure and says so, which is no success here."""
    for name, value in choice.items():
        room.controls[name].value = value
    assert room.view._message == ""
    return room.view.figure


def title(room):
    return room.view.figure.layout.title.text


def drawn(figure, name, axis="y"):
    return np.array(next(trace[axis] for trace in figure.data if trace.name == name))


def told_in_korean(room):
    assert all(HANGUL.search(control.description) for control in room.controls.values())
    assert HANGUL.search(title(room))
    layout = room.view.figure.layout
    axes = [layout[name] for name in layout if name.startswith(("xaxis", "yaxis"))]
    assert all(HANGUL.search(axis.title.text) for axis in axes if axis.title.text)
    assert any(axis.title.text for axis in axes)
    return True


# the number line


@pytest.fixture(scope="module")
def bulk():
    return np.random.default_rng(5).normal(scale=0.1, size=300)


@pytest.mark.parametrize("symmetric", [False, True])
@pytest.mark.parametrize("calibration", CALIBRATIONS.values())
@pytest.mark.parametrize("bits", [2, 3, 5, 8])
def test_the_line_is_the_library_s_quantizer(bulk, bits, calibration, symmetric):
    for outlier in (0, 4.5, 20):
        line = number_line(bulk, outlier=outlier, bits=bits, symmetric=symmetric, calibration=calibration)
        assert line.values[-1] == bulk.mean() + outlier * bulk.std()
        error = quantize(line.values, bits=bits, symmetric=symmetric, calibration=calibration).error()
        # the same squares added in another order: n roundings of 2**-53 each, relative
        assert line.mse == pytest.approx(error.mse, rel=len(line.values) * 2**-53)
        assert line.sqnr_db == pytest.approx(error.sqnr_db, abs=1e-9)
        assert line.clipped.mean() == error.clipped_share
        assert np.isin(line.landed, line.grid).all()
        # who is inside loses half a step at most; who is clipped lands on an end, and loses more than that
        step = line.grid[1] - line.grid[0]
        assert np.abs(line.error[~line.clipped]).max(initial=0) <= step * (0.5 + 1e-6)
        assert np.isin(line.landed[line.clipped], line.grid[[0, -1]]).all()
        assert np.abs(line.error[line.clipped]).min(initial=np.inf) > step / 2


def test_min_max_clips_nobody_and_pays_by_the_step(bulk):
    steps = []
    for outlier in (5, 10, 20):
        line = number_line(bulk, outlier=outlier, bits=4)
        assert line.clipping == 0
        steps.append(line.grid[1] - line.grid[0])
        assert line.grid[-1] - line.grid[0] == pytest.approx(np.ptp(line.values))
    assert steps[0] < steps[1] < steps[2]


def test_every_choice_of_the_number_line_is_drawn(bulk):
    room = number_line_quantizer({"합성곱의 가중치": bulk, "활성값": np.maximum(bulk, 0)})
    turns = itertools.product(
        room.controls["tensor"].options, (2, 8), (False, True), CALIBRATIONS.values(), (0.0, 20.0)
    )
    for (_, tensor), bits, symmetric, calibration, outlier in turns:
        figure = choose(room, tensor=tensor, bits=bits, symmetric=symmetric, calibration=calibration, outlier=outlier)
        values = bulk if tensor == "합성곱의 가중치" else np.maximum(bulk, 0)
        line = number_line(values, outlier=outlier, bits=bits, symmetric=symmetric, calibration=calibration)
        assert f"SQNR {line.sqnr_db:.1f} dB" in title(room)
        assert f"격자 {len(line.grid)}칸 가운데 {line.used}칸" in title(room)
        # both parts in the title are in one unit and add up, each rounded to half a hundredth
        whole, rounding, clipping = map(
            float, re.match(r"평균제곱오차 ([\d.]+) = 반올림 ([\d.]+) \+ 잘림 ([\d.]+)", title(room)).groups()
        )
        assert whole == pytest.approx(rounding + clipping, abs=0.0151)
        assert whole == pytest.approx(line.mse / 10 ** np.floor(np.log10(line.mse)), abs=0.0051)
        # nobody is lost between the histograms
        assert drawn(figure, "값").sum() == drawn(figure, "양자화한 뒤 놓인 값").sum() == len(line.values)
        assert np.array_equal(drawn(figure, "나타낼 수 있는 값 (격자)", "x"), line.grid)
        errors = [drawn(figure, f"{part} 오차", "customdata").sum() for part in ("반올림", "잘림")]
        assert errors == [np.sum(~line.clipped), np.sum(line.clipped)]
        # the bars compare the four ways at the same bits
        for at, way in enumerate(CALIBRATIONS.values()):
            other = number_line(values, outlier=outlier, bits=bits, symmetric=symmetric, calibration=way)
            assert drawn(figure, "반올림", "x")[at] + drawn(figure, "잘림", "x")[at] == pytest.approx(other.mse)
    assert told_in_korean(room)


def test_what_is_shaded_is_what_is_clipped(bulk):
    room = number_line_quantizer({"가중치": bulk})
    choose(room, bits=3, calibration="mse", outlier=12.0)
    line = number_line(bulk, outlier=12.0, bits=3, calibration="mse")
    assert line.clipped[-1]
    half = (line.grid[1] - line.grid[0]) / 2
    shaded = [(shape.x0, shape.x1) for shape in room.view.figure.layout.shapes if shape.xref == "x"]
    inside = [any(low <= value <= high for low, high in shaded) for value in line.values]
    on_edge = np.isclose(line.values, line.grid[0] - half) | np.isclose(line.values, line.grid[-1] + half)
    assert np.array_equal(np.array(inside)[~on_edge], line.clipped[~on_edge])
    counts = [int(n.text.split()[1][:-1]) for n in room.view.figure.layout.annotations if n.text.startswith("잘림 ")]
    assert sum(counts) == line.clipped.sum()


def test_a_click_puts_the_outlier_there(bulk):
    room = number_line_quantizer({"가중치": bulk})
    at = next(i for i, trace in enumerate(room.view.figure.data) if trace.name == PLACES)
    places = room.view.figure.data[at]
    point = {"curve": at, "index": 17, "x": places.x[17], "y": places.y[17], "name": PLACES, "customdata": 17}
    room.view._receive(
        None, {"kind": "event", "event": "click", "points": [{**point, "name": "값", "customdata": 3}]}, []
    )
    assert room.values["outlier"] == 6.0
    room.view._receive(None, {"kind": "event", "event": "click", "points": [point]}, [])
    assert room.values["outlier"] == 17.0
    assert set(drawn(room.view.figure, "이상값", "x")) == {places.x[17]}
    assert list(places.customdata) == list(range(FARTHEST + 1))


def test_large_and_heavy_tailed_tensors_are_drawn_whole():
    heavy = np.random.default_rng(0).standard_t(1.5, size=(50, 400))
    room = number_line_quantizer({"꼬리가 긴 값": heavy}, bits=2)
    for symmetric in (False, True):
        figure = choose(room, symmetric=symmetric)
        assert drawn(figure, "값").sum() == MOST_VALUES + 1
    shifted = number_line_quantizer({"0에서 먼 값": np.linspace(100, 101, 50)}, outlier=0)
    assert drawn(choose(shifted, bits=8), "값").sum() == 51


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tensors": {}}, "tensors must name at least one array"),
        ({"tensors": [1, 2]}, "tensors must name at least one array"),
        ({"tensors": {"w": [1.0, np.nan]}}, r"tensors\['w'\] holds 1 values that are not finite"),
        ({"tensors": {"w": [2.0, 2.0]}}, r"tensors\['w'\] must hold at least 2 different values"),
        ({"tensors": {"w": "abc"}}, r"tensors\['w'\] must hold numbers"),
        ({"bits": 9}, "value must lie in"),
        ({"outlier": 21}, "value must lie in"),
    ],
)
def test_what_the_number_line_cannot_draw_is_told(options, message):
    with pytest.raises(ValueError, match=message):
        number_line_quantizer(options.pop("tensors", None), **options)


# the ladder


class Table:
    def __init__(self, frame):
        self.frame = frame

    def to_frame(self):
        return self.frame


def sensitivities(seed, *, layers=4, bits=(8, 4, 3, 2)):
    rng = np.random.default_rng(seed)
    rows = []
    for layer in range(layers):
        size, weight = int(rng.integers(500, 50_000)), rng.exponential(0.01)
        for width in bits:
            loss = weight * (2.0 ** (8 - width) - 1) + rng.normal(scale=0.002)
            rows.append((f"conv_{layer}", width, loss, loss - 0.01, loss + 0.01, loss**2, size * width // 8))
    columns = ["layer", "bits", "loss", "loss_low", "loss_high", "divergence", "nbytes"]
    return pd.DataFrame(rows, columns=columns).sample(frac=1, random_state=seed, ignore_index=True)


def plans_of(frame):
    """Every plan there is, with its bytes and losses."""
    groups = [group for _, group in frame.groupby("layer", sort=False)]
    for rows in itertools.product(*(group.itertuples() for group in groups)):
        yield {r.layer: r.bits for r in rows}, sum(r.nbytes for r in rows), sum(r.loss for r in rows)


@pytest.mark.parametrize("seed", range(5))
def test_bytes_and_losses_add_up_on_every_plan(seed):
    frame = sensitivities(seed, layers=3)
    ladder = _Ladder(frame)
    for plan, size, loss in plans_of(frame):
        assert ladder.total(plan) == size
        assert ladder.predicted(plan) == pytest.approx(loss)
        move = ladder.next(plan)
        # by brute force over the table: no other single reduction costs less for a byte
        rates = []
        for row in frame.itertuples():
            now = frame[(frame["layer"] == row.layer) & (frame["bits"] == plan[row.layer])].iloc[0]
            if row.nbytes < now["nbytes"]:
                rates.append((row.loss - now["loss"]) / (now["nbytes"] - row.nbytes))
        if move is None:
            assert not rates
        else:
            assert move.cost / move.saved == pytest.approx(min(rates))


@pytest.mark.parametrize("seed", range(5))
def test_each_rung_is_one_move_down_and_none_between_is_better(seed):
    frame = sensitivities(seed)
    ladder = _Ladder(frame)
    rungs = ladder.rungs()
    assert rungs[0] == ladder.top() and ladder.next(rungs[-1]) is None
    every = list(plans_of(frame))
    for before, after in itertools.pairwise(rungs):
        assert sum(before[name] != after[name] for name in before) == 1
        assert ladder.total(after) < ladder.total(before)
    for plan in rungs:
        # a path that always takes the cheapest byte runs along the convex hull: no plan that small loses less
        best = min(loss for _, size, loss in every if size <= ladder.total(plan))
        assert ladder.predicted(plan) == pytest.approx(best, abs=1e-12)


def test_the_budget_moves_the_layers_and_holds():
    frame = sensitivities(1)
    room = layer_ladder(Table(frame))
    budget, ladder = room.controls["budget"], _Ladder(frame)
    for share in np.linspace(0, 1, 13):
        choose(room, budget=budget.min + share * (budget.max - budget.min))
        plan = {control.description: control.value for name, control in room.controls.items() if name != "budget"}
        assert ladder.total(plan) <= 1_000 * budget.value
        assert "(예산 안)" in title(room)
        assert title(room).startswith(f"{ladder.total(plan) / 1_000:,.1f} KB")
        assert f"예상 손실 {100 * ladder.predicted(plan):+.2f}%p (어림)" in title(room)
        # the rung above would not fit
        rungs = ladder.rungs()
        above = rungs[rungs.index(plan) - 1] if plan != rungs[0] else None
        assert above is None or ladder.total(above) > 1_000 * budget.value
    assert told_in_korean_of_ladder(room)


def told_in_korean_of_ladder(room):
    """Layers keep the names that their author gave."""
    assert HANGUL.search(room.controls["budget"].description) and HANGUL.search(title(room))
    return all("비트" in name for control in list(room.controls.values())[1:] for name, _ in control.options)


def test_one_budget_is_one_drawing():
    frame = sensitivities(2)
    room = layer_ladder(Table(frame))
    versions = []
    room.view.observe(lambda change: versions.append(change["new"]["version"]), names="_figure")
    choose(room, budget=room.controls["budget"].min)
    assert len(versions) == 1


def test_by_hand_every_plan_can_be_had_and_is_judged():
    frame = sensitivities(3, layers=3)
    room = layer_ladder(Table(frame))
    choose(room, budget=(room.controls["budget"].min + room.controls["budget"].max) / 2)
    names = {control.description: name for name, control in room.controls.items()}
    for plan, size, loss in plans_of(frame):
        figure = choose(room, **{names[layer]: bits for layer, bits in plan.items()})
        over = size - 1_000 * room.values["budget"]
        assert (f"예산을 {over / 1_000:,.1f} KB 넘음" if over > 0 else "(예산 안)") in title(room)
        assert drawn(figure, "지금 고른 비트", "x")[0] == pytest.approx(size / 1_000)
        assert drawn(figure, "지금 고른 비트")[0] == pytest.approx(loss)
        assert drawn(figure, "크기, 지금", "x").sum() == pytest.approx(size / 1_000)
        for layer, bits in plan.items():
            sizes = next(trace.marker.size for trace in figure.data if trace.name == layer)
            order = sorted(frame.loc[frame["layer"] == layer, "bits"], reverse=True)
            assert order[int(np.argmax(sizes))] == bits
    assert "더 줄일 층이 없음" in title(room) or "가장 싼 다음 걸음" in title(room)


def test_of_many_layers_the_largest_move_and_the_others_count():
    frame = sensitivities(4, layers=MOST_LAYERS + 3)
    room = layer_ladder(Table(frame))
    assert len(room.controls) == MOST_LAYERS + 1
    largest = frame[frame["bits"] == 8].nlargest(MOST_LAYERS, "nbytes")["layer"]
    assert {control.description for name, control in room.controls.items() if name != "budget"} == set(largest)
    assert title(room).startswith(f"{frame.loc[frame['bits'] == 8, 'nbytes'].sum() / 1_000:,.1f} KB")
    choose(room, budget=room.controls["budget"].min)
    assert "(예산 안)" in title(room) and "더 줄일 층이 없음" in title(room)


@pytest.mark.parametrize(
    ("report", "message"),
    [
        (None, "report must be a report of layer sensitivity"),
        (Table(pd.DataFrame({"layer": ["a"]})), "no column bits, loss"),
        (Table(sensitivities(0).iloc[:0]), "no rows"),
        (Table(pd.concat([sensitivities(0)] * 2)), "holds a layer twice"),
        (Table(sensitivities(0).assign(loss=np.nan)), "must be numbers"),
        (Table(sensitivities(0).assign(nbytes=-1)), "nbytes at least 0"),
        (Table(sensitivities(0, bits=(8,))), "nothing to climb"),
    ],
)
def test_what_cannot_be_climbed_is_told(report, message):
    with pytest.raises(ValueError, match=message):
        layer_ladder(report)


# the chooser


def models(seed, n=8):
    rng = np.random.default_rng(seed)
    accuracy = rng.uniform(0.7, 0.95, n).round(2)  # rounded, so that ties happen
    median = rng.choice([0.02, 0.1, 0.4, 1.3], n)
    return pd.DataFrame(
        {
            "model": [f"모델 {i}" for i in range(n)],
            "accuracy": accuracy,
            "accuracy_low": accuracy - rng.uniform(0.01, 0.03, n),
            "accuracy_high": accuracy + 0.02,
            "bytes": rng.choice([24_000, 50_000, 96_000, 400_000], n),
            "gzip_bytes": 1_000,
            "median_ms": median,
            "p99_ms": median * rng.uniform(1, 4, n),
        }
    )


def judged(frame, *, latency, sure, **_):
    """Rows as (accuracy, bytes, ms), the way that the controls say."""
    accuracy = frame["accuracy_low" if sure else "accuracy"]
    return list(zip(accuracy, frame["bytes"], frame[latency], strict=True))


def meets(one, limits):
    size, milliseconds, least = limits
    return one[1] <= size and one[2] <= milliseconds and one[0] >= least - 1e-9


def beats(one, other):
    a, b = (-one[0], one[1], one[2]), (-other[0], other[1], other[2])
    return a != b and all(x <= y for x, y in zip(a, b, strict=True))


WAYS = [
    {"first": first, "latency": latency, "sure": sure}
    for first, latency, sure in itertools.product(FIRST.values(), LATENCIES.values(), (False, True))
]


@pytest.mark.parametrize("seed", range(6))
def test_the_chosen_model_keeps_all_limits_and_nobody_beats_it(seed):
    frame, rng = models(seed), np.random.default_rng(seed)
    chosen = nothing = 0
    for way in WAYS * 4:
        size, milliseconds, least = 10 ** rng.uniform(4.2, 5.7), 10 ** rng.uniform(-1.8, 0.7), rng.uniform(0.7, 0.92)
        rows, limits = judged(frame, **way), (size, milliseconds, least)
        choice = _choose(frame, most_bytes=size, most_ms=milliseconds, least=least, **way)
        remaining = [row for row in rows if meets(row, limits)]
        assert choice.table["remains"].tolist() == [meets(row, limits) for row in rows]
        front = [not any(beats(other, row) for other in rows) for row in rows]
        assert choice.table["optimal"].tolist() == front
        if not remaining:
            nothing += 1
            assert choice.chosen is None and choice.loosened
            continue
        chosen += 1
        assert meets(rows[choice.chosen], limits) and front[choice.chosen] and not choice.loosened
        best = {"accuracy": max(r[0] for r in remaining), "bytes": min(r[1] for r in remaining)}
        best["latency"] = min(r[2] for r in remaining)
        at = ("accuracy", "bytes", "latency").index(way["first"])
        assert rows[choice.chosen][at] == best[way["first"]]
    assert chosen > 5 and nothing > 5  # both are seen


@pytest.mark.parametrize("size", [30.0, 500.0])
def test_every_choice_of_the_chooser_is_drawn(size):
    frame = models(3)
    room = pareto_chooser(Table(frame))
    choose(room, size=size, milliseconds=1.0, least=75.0)
    for way in WAYS:
        figure = choose(room, **way)
        choice = _choose(frame, most_bytes=1_000 * size, most_ms=1.0, least=0.75, **way)
        remaining = int(choice.table["remains"].sum())
        assert len(drawn(figure, "한도를 넘음", "x")) == len(frame) - remaining
        assert len(drawn(figure, "파레토 최적 (세 값을 모두 보아)", "x")) == choice.table["optimal"].sum()
        if remaining:
            assert drawn(figure, "고른 모델", "customdata").tolist() == [frame.loc[choice.chosen, "model"]]
            assert len(drawn(figure, "남음", "x")) == remaining - 1
            assert title(room).startswith(f"고른 모델: {frame.loc[choice.chosen, 'model']}<br>")
        else:
            assert len(drawn(figure, "고른 모델", "x")) == 0 and "한도를 모두 지키는 모델이 없음" in title(room)
    assert told_in_korean(room)


LOOSEN = {
    "size": r"크기 한도를 ([\d.,]+) KB 늘리면",
    "milliseconds": r"지연 시간 한도를 ([\d.]+) ms 늘리면",
    "least": r"정확도의 하한을 ([\d.]+)%p 낮추면",
}


@pytest.mark.parametrize("seed", range(6))
def test_loosened_by_what_is_told_the_model_named_remains(seed):
    frame, rng = models(seed), np.random.default_rng(100 + seed)
    way = WAYS[seed]
    asked = 0
    for _ in range(200):
        size, milliseconds, least = 10 ** rng.uniform(4.3, 5), 10 ** rng.uniform(-1.7, 0), rng.uniform(0.8, 0.96)
        choice = _choose(frame, most_bytes=size, most_ms=milliseconds, least=least, **way)
        if choice.chosen is not None:
            continue
        rows = judged(frame, **way)
        broken = [(one[1] > size, one[2] > milliseconds, one[0] < least - 1e-9) for one in rows]
        fewest = min(map(sum, broken))
        heading, *ways = _told(frame, choice, way["first"]).split("<br>")
        assert heading == "한도를 모두 지키는 모델이 없음"
        # one way for each smallest set of limits that lets somebody in, and no set is left out
        assert len(ways) == len({kind for kind in broken if sum(kind) == fewest})
        for told in ways:
            asked += 1
            found = {name: re.search(pattern, told) for name, pattern in LOOSEN.items()}
            give = {name: float(hit[1].replace(",", "")) if hit else 0.0 for name, hit in found.items()}
            assert sum(value > 0 for value in give.values()) == fewest
            at = next(i for i, name in enumerate(frame["model"]) if told.endswith(name))
            loosened = size + 1_000 * give["size"], milliseconds + give["milliseconds"], least - give["least"] / 100
            assert meets(rows[at], loosened)
            if fewest == 1:  # and by nothing less, up to the rounding of what is told: .1 KB, .1%p, two digits
                almost = (
                    size + 1_000 * max(give["size"] - 0.11, 0),
                    milliseconds + 0.9 * give["milliseconds"],
                    least - max(give["least"] - 0.11, 0) / 100,
                )
                assert not any(meets(row, almost) for row in rows)
    assert asked > 50


@pytest.mark.parametrize("seed", range(4))
def test_each_panel_has_the_edge_of_its_two_values(seed):
    frame = models(seed)
    edges = [trace for trace in pareto_chooser(Table(frame)).view.figure.data if trace.name == "이 두 값만 본 경계"]
    for edge, x in zip(edges, (frame["bytes"] / 1_000, frame["median_ms"]), strict=True):
        points = list(zip(x, frame["accuracy"], strict=True))
        best = {p for p in points if not any(q != p and q[0] <= p[0] and q[1] >= p[1] for q in points)}
        assert list(zip(edge.x, edge.y, strict=True)) == sorted(best)


@pytest.mark.parametrize("seed", range(4))
def test_why_is_told_against_the_others_that_remain(seed):
    frame = models(seed)
    limits = {"most_bytes": 1e6, "most_ms": 10.0, "least": 0.0}
    for way in WAYS:
        choice = _choose(frame, **limits, **way)
        told = _told(frame, choice, way["first"])
        others = choice.table.drop(index=choice.chosen)
        if way["first"] == "accuracy":
            low = frame["accuracy_low"][choice.chosen]
            near = sum(frame["accuracy_high"][at] >= low for at in others.index)
            assert told.endswith(f"신뢰구간이 겹치는 모델 {near}개" if near else "신뢰구간이 겹치는 모델 없음")
            continue
        mine, following = choice.table[way["first"]][choice.chosen], others[way["first"]].min()
        unit = (lambda v: f"{v / 1_000:,.0f} KB") if way["first"] == "bytes" else (lambda v: f"{v:.3g} ms")
        if mine == following:
            assert f"({unit(mine)}, " in told and told.endswith("도 같아 다른 값으로 가림)")
        else:
            assert f"({unit(mine)}, 다음은 " in told and told.endswith(f" {unit(following)})")


def test_the_table_says_who_misses_what():
    frame = models(0)
    room = pareto_chooser(Table(frame))
    figure = choose(room, size=60.0, least=80.0)
    (table,) = (trace for trace in figure.data if trace.type == "table")
    columns = dict(zip(table.header["values"], table.cells["values"], strict=True))
    for one, verdict in zip(frame.itertuples(), columns["판정"], strict=True):
        assert ("크기 +" in verdict) == (one.bytes > 60_000)
        assert ("정확도 -" in verdict) == (one.accuracy < 0.8)
        assert ("남음" in verdict or "고름" in verdict) == (one.bytes <= 60_000 and one.accuracy >= 0.8)
    assert columns["판정"].count("고름") == 1


def test_at_the_start_everything_remains():
    frame = models(1)
    room = pareto_chooser(Table(frame))
    assert len(drawn(room.view.figure, "한도를 넘음", "x")) == 0
    for name in ("size", "milliseconds"):
        choose(room, **{name: 10 ** room.controls[name].min})
        assert len(drawn(room.view.figure, "고른 모델", "x")) == 0  # tighter than the best
        choose(room, **{name: 10 ** room.controls[name].max})
    choose(room, least=room.controls["least"].max)
    assert len(drawn(room.view.figure, "고른 모델", "x")) == 0


def test_one_model_alone_can_be_judged():
    room = pareto_chooser(Table(models(2, n=1)))
    assert "유일한 모델" in title(room)
    for first in FIRST.values():
        choose(room, first=first)


@pytest.mark.parametrize(
    ("report", "message"),
    [
        (3, "report must be a comparison of models"),
        (Table(models(0).drop(columns="bytes")), "no column bytes"),
        (Table(models(0).iloc[:0]), "no rows"),
        (Table(models(0).assign(median_ms=0.0)), "median_ms of model '모델 0'"),
        (Table(models(0).assign(accuracy=[0.9] * 3 + [np.nan] * 5)), "accuracy of model '모델 3' is nan"),
    ],
)
def test_what_cannot_be_compared_is_told(report, message):
    with pytest.raises(ValueError, match=message):
        pareto_chooser(report)


@pytest.mark.parametrize(
    "room",
    [number_line_quantizer, lambda: layer_ladder(Table(sensitivities(0))), lambda: pareto_chooser(Table(models(0)))],
)
def test_a_picture_stays_behind_in_a_notebook_without_its_widget(room):
    assert room().view.fallback()  # empty where the figure is too large
