"""Reading a rubric: what is in the file is what is graded with, and a slip in it is told where it is."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.classroom.project.rubrics import Rubric, RubricError, read_rubric

LEVELS = [
    {"name": "모범", "share": 1, "descriptor": "모두 있습니다."},
    {"name": "보완", "share": 0.5, "descriptor": "빠진 것이 있습니다."},
]
GOOD = {
    "title": "기준",
    "counts": 30,
    "criteria": [
        {"id": "goals", "title": "목표", "points": 12, "question": "다시 잴 수 있습니까?", "levels": LEVELS},
        {
            "id": "data",
            "title": "데이터",
            "points": 8,
            "question": "한 행은 무엇입니까?",
            "levels": copy.deepcopy(LEVELS),
        },
    ],
}

# Nine aliases of nine aliases of ...: a few hundred characters that take forever to print
BOMB = "[&l0 [1], " + ", ".join(f"&l{at} [{', '.join([f'*l{at - 1}'] * 9)}]" for at in range(1, 40)) + "]"


def _written(folder: Path, content) -> Path:
    path = folder / "rubric.yaml"
    text = content if isinstance(content, str) else yaml.safe_dump(content, allow_unicode=True)
    path.write_text(text, encoding="utf-8")
    return path


def _changed(*keys, value):
    """GOOD with one place changed; without it if the value is None."""
    content = copy.deepcopy(GOOD)
    place = content
    for key in keys[:-1]:
        place = place[key]
    if value is None:
        del place[keys[-1]]
    else:
        place[keys[-1]] = value
    return content


words = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=12).map(lambda text: f"글 {text}")
shares = st.lists(st.integers(0, 99), min_size=1, max_size=4, unique=True).map(
    lambda found: [1.0, *(share / 100 for share in sorted(found, reverse=True))]
)


@st.composite
def rubrics(draw):
    ids = draw(st.lists(st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True), min_size=1, max_size=5, unique=True))
    return {
        "title": draw(words),
        "criteria": [
            {
                "id": one,
                "title": draw(words),
                "points": draw(st.integers(1, 50) | st.floats(0.5, 50)),
                "question": draw(words),
                "levels": [{"name": draw(words), "share": share, "descriptor": draw(words)} for share in draw(shares)],
            }
            for one in ids
        ],
    }


@settings(max_examples=40, deadline=None)
@given(content=rubrics())
def test_what_is_written_is_what_is_read(content, tmp_path_factory):
    rubric = read_rubric(_written(tmp_path_factory.mktemp("rubric"), content))
    assert [one.id for one in rubric.criteria] == [one["id"] for one in content["criteria"]]
    assert rubric.maxima == {one["id"]: one["points"] for one in content["criteria"]}
    assert rubric.total == pytest.approx(sum(rubric.maxima.values()), rel=1e-12)
    frame = rubric.to_frame()
    assert len(frame) == sum(len(one["levels"]) for one in content["criteria"])
    assert (frame["earns"] <= frame["points"]).all()
    assert frame.groupby("criterion")["earns"].max().to_dict() == pytest.approx(rubric.maxima)


@settings(max_examples=40, deadline=None)
@given(content=rubrics())
def test_a_page_holds_every_criterion_and_descriptor(content, tmp_path_factory):
    page = read_rubric(_written(tmp_path_factory.mktemp("rubric"), content)).to_markdown()
    for one in content["criteria"]:
        assert f"점수 파일에 쓰는 이름: `{one['id']}`" in page
        for level in one["levels"]:
            assert level["descriptor"] in page


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (_changed("criteria", value=None), ["criteria missing"]),
        (_changed("criteria", value=[]), ["criteria is empty"]),
        (_changed("criteria", value="goals"), ["criteria", "give a list"]),
        (_changed("criterion", value=[]), ["criterion is not known"]),
        (_changed("counts", value="서른"), ["counts", "서른"]),
        (_changed("criteria", 0, value="goals"), ["criterion 1", "goals"]),
        (_changed("criteria", 1, "id", value="goals"), ["'goals' stands twice"]),
        (_changed("criteria", 1, "id", value="Data set"), ["criterion 2", "Data set"]),
        (_changed("criteria", 1, "points", value=None), ["criterion 2 (data)", "points missing"]),
        (_changed("criteria", 1, "points", value=0), ["criterion 2 (data): points is 0"]),
        (_changed("criteria", 1, "points", value=True), ["criterion 2 (data): points is True"]),
        (_changed("criteria", 1, "points", value=float("nan")), ["criterion 2 (data): points is nan"]),
        (_changed("criteria", 1, "points", value="8점"), ["criterion 2 (data): points is '8점'"]),
        (_changed("criteria", 1, "question", value="  "), ["criterion 2 (data): question"]),
        (_changed("criteria", 1, "point", value=8), ["criterion 2 (data): point is not known"]),
        (_changed("criteria", 1, "levels", value=LEVELS[:1]), ["criterion 2 (data): levels", "two or more"]),
        (_changed("criteria", 1, "levels", value=LEVELS[::-1]), ["criterion 2 (data): levels", "from 1 down"]),
        (_changed("criteria", 1, "levels", 1, "share", value=1.5), ["criterion 2 (data), level 2: share is 1.5"]),
        (_changed("criteria", 1, "levels", 1, "share", value=-0.5), ["criterion 2 (data), level 2: share is -0.5"]),
        (_changed("criteria", 1, "levels", 1, "share", value=1), ["criterion 2 (data): levels"]),
        (_changed("criteria", 1, "levels", 1, "descriptor", value=None), ["level 2: descriptor missing"]),
        (_changed("criteria", 1, "rules", value="goals-missing"), ["criterion 2 (data): rules", "give a list"]),
        (_changed("criteria", 1, "rules", value=[1]), ["criterion 2 (data): rules, item 1 is 1"]),
        ("criteria: [" + BOMB + "]", ["criterion 1: is"]),
        ("", ["is no mapping"]),
        ("- goals", ["is no mapping"]),
        ("criteria:\n  - id: [a\n", ["line 3", "is no YAML"]),
        ("criteria: []\ncriteria: []\n", ["line 2", "'criteria' stands twice"]),
        ("criteria: [2026-01-31]", ["criterion 1", "2026"]),
        ("counts: 2026-02-31\ncriteria: []", ["is no YAML that can be used"]),
        ("criteria: " + "[" * 5000, ["is no YAML"]),
    ],
)
def test_a_slip_is_told_with_its_file_and_place(content, told, tmp_path):
    with pytest.raises(RubricError) as caught:
        read_rubric(_written(tmp_path, content))
    assert str(caught.value).startswith("rubric.yaml")
    assert len(str(caught.value)) < 400
    assert [part for part in told if part not in str(caught.value)] == [], str(caught.value)


def test_what_is_no_file_or_no_text_is_told(tmp_path):
    with pytest.raises(RubricError, match=r"nowhere\.yaml: cannot be read"):
        read_rubric(tmp_path / "nowhere.yaml")
    with pytest.raises(RubricError, match="cannot be read"):
        read_rubric(tmp_path)
    (tmp_path / "rubric.yaml").write_bytes("criteria: 한글".encode("cp949"))
    with pytest.raises(RubricError, match="is not UTF-8"):
        read_rubric(tmp_path / "rubric.yaml")
    (tmp_path / "rubric.yaml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(RubricError, match="larger than"):
        read_rubric(tmp_path / "rubric.yaml")


def test_a_file_saved_by_notepad_is_read(tmp_path):
    """Windows editors write a byte-order mark and their own line ends."""
    path = tmp_path / "rubric.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + yaml.safe_dump(GOOD, allow_unicode=True).replace("\n", "\r\n").encode())
    assert read_rubric(path).maxima == {"goals": 12, "data": 8}


def test_a_pipe_does_not_break_the_pages_table():
    level = {"name": "a|b", "share": 1.0, "descriptor": "x | y"}
    content = _changed("criteria", 0, "levels", value=[level, LEVELS[1]])
    from coursekit.classroom.project.rubrics import Criterion, Level

    levels = tuple(Level(**one) for one in content["criteria"][0]["levels"])
    page = Rubric("기준", (Criterion("goals", "목표", 12, "무엇입니까?", levels),)).to_markdown()
    assert "| a\\|b | 12 | x \\| y |" in page
