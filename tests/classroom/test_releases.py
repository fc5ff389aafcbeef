"""A release holds what students need and nothing of what is kept from them."""

from __future__ import annotations

import json
import zipfile

import assignments
import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.classroom.leaks import normalised, scan
from coursekit.classroom.regions import MARKERS
from coursekit.classroom.releases import ReleaseError, release, release_notebook

SECRETS = ("float(value)", "ordered = sorted", "secret_numbers", "unordered_values", "statistics.median")


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    source = assignments.write_source(tmp_path_factory.mktemp("sources") / "lab_mean")
    folder = tmp_path_factory.mktemp("released") / "lab_mean"
    return source, release(source, folder), folder


def test_a_release_is_the_notebook_and_its_data(released):
    _, files, folder = released
    assert [str(path) for path in files] == ["lab_mean.ipynb", "numbers.csv"]
    text = (folder / "lab_mean.ipynb").read_text(encoding="utf-8")
    for secret in SECRETS:
        assert secret not in text
    assert not any(marker in text for marker in MARKERS)


def test_stubs_are_korean_and_keep_their_indent(released):
    _, _, folder = released
    cells = {cell.id: cell for cell in nbformat.read(folder / "lab_mean.ipynb", as_version=4).cells}
    assert cells["solution-mean"].source.endswith("\n    # 여기에 답을 쓰세요\n    raise NotImplementedError()")
    assert cells["test-mean"].metadata.deletable is False
    assert cells["test-mean"].metadata.editable is False
    assert cells["test-mean"].source == assignments.TEST_MEAN.split("\n")[0]
    assert not any("Name" in cell.source for cell in cells.values()), "no English name header"


def test_nothing_stands_there_after_a_refusal(source, tmp_path):
    assignments.change(source, "solution_mean", assignments.MEAN.replace("BEGIN SOLUTION", "BEGIN SOLUTOIN"))
    with pytest.raises(ReleaseError, match="cell solution_mean, line 3"):
        release(source, tmp_path / "out" / "lab_mean")
    assert not (tmp_path / "out").exists()


def test_an_existing_release_is_not_overwritten(sound_source, tmp_path):
    with pytest.raises(FileExistsError):
        release(sound_source, tmp_path)


def test_release_notebook_leaves_its_source_alone():
    content = assignments.notebook()
    before = nbformat.writes(content)
    release_notebook(content)
    assert nbformat.writes(content) == before


PLANTS = {
    "a solution line in a cell": lambda nb: nb.cells[4].update(source="total = sum(float(value) for value in values)"),
    "reformatted": lambda nb: nb.cells[4].update(source="total=sum( float(value) for value in values )  # 답"),
    "a hidden test": lambda nb: nb.cells[4].update(source="unordered_values = [-5, 9, 0, 4]"),
    "a variant": lambda nb: nb.cells[4].update(source="return statistics.median(values)"),
    "in metadata": lambda nb: nb.metadata.update(note="ordered = sorted(values, reverse=True)"),
    "in an output": lambda nb: nb.cells[1].outputs.append(
        nbformat.v4.new_output("stream", text="'ordered = sorted(values, reverse=True)\\n    return'")
    ),
    "a marker": lambda nb: nb.cells[4].update(source="### END SOLUTION"),
    "a marker, nearly": lambda nb: nb.cells[4].update(source="### BEGIN SOLUTOIN"),
}


@pytest.mark.parametrize("plant", PLANTS.values(), ids=PLANTS.keys())
def test_the_scan_finds_a_planted_leak(released, tmp_path, plant):
    source, _, folder = released
    content = nbformat.read(folder / "lab_mean.ipynb", as_version=4)
    plant(content)
    (tmp_path / "lab_mean.ipynb").write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    assert scan(tmp_path, [source])


def test_the_scan_passes_what_is_clean(released):
    source, _, folder = released
    assert scan(folder, [source]) == ()


def test_the_scan_finds_what_is_meant_secret_behind_a_misspelt_marker(tmp_path):
    """The release would publish it; the scan does not read markers as the release does."""
    source = assignments.write_source(tmp_path / "lab_mean")
    assignments.change(source, "solution_mean", assignments.MEAN.replace("### BEGIN SOLUTION", "### BEGIN SOLUTOIN"))
    out = tmp_path / "out"
    out.mkdir()
    cell = nbformat.v4.new_code_cell("total = sum(float(value) for value in values)")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), out / "lab_mean.ipynb")
    assert any("solution line of solution_mean" in leak.what for leak in scan(out, [source]))


@pytest.mark.parametrize("name", ["variants/wrong_median.py", "checks.py", ".secret", "extra.csv", "deep/old.ipynb"])
def test_a_file_too_many_is_a_leak(released, tmp_path, name):
    source, _, folder = released
    target = tmp_path / "lab_mean"
    target.mkdir()
    for path in folder.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    (target / name).parent.mkdir(exist_ok=True)
    (target / name).write_text("# nothing\n", encoding="utf-8")
    assert any(name.split("/")[-1] == leak.line for leak in scan(tmp_path, [source]))


CHECKS = '''"""Hidden checks of the mean, never released."""

from coursekit.classroom.judging import require

MISREAD = {
    "a": "가장 자주 나온 값을 평균으로 보았습니다.",
}


def check_mean(student):
    """Numbers that nobody was shown."""
    known = student.mean([3, 1, 2])
    large = _asked_for(student, 10_418.5)
    # half of the sum
    require(large - known == 5_207.25, "보지 못한 수의 평균이 다릅니다.")


def _asked_for(student, number):
    return student.mean([number, 0.0])
'''


@pytest.fixture
def judged(tmp_path):
    source = assignments.write_source(tmp_path / "sources" / "lab_mean")
    (source / "checks.py").write_text(CHECKS, encoding="utf-8")
    text = """known = student.mean([3, 1, 2])
### BEGIN HIDDEN TESTS
hidden_check("mean", student)
### END HIDDEN TESTS
assert known == 2"""
    assignments.change(source, "test_mean", text)
    assignments.change(source, "test_spread_hidden", assignments.TEST_SPREAD)
    return source


def test_a_judged_release_holds_no_check(judged, tmp_path):
    files = release(judged, tmp_path / "out" / "lab_mean")
    assert [str(path) for path in files] == ["lab_mean.ipynb", "numbers.csv"]
    text = (tmp_path / "out" / "lab_mean" / "lab_mean.ipynb").read_text(encoding="utf-8")
    assert "hidden_check" not in text


@pytest.mark.parametrize("broken", [False, True], ids=["sound", "does not parse"])
@pytest.mark.parametrize(
    "line",
    [
        '    require(large - known == 5_207.25, "보지 못한 수의 평균이 다릅니다.")',
        "large=_asked_for( student, 10_418.5 )  # 몰래",
        "return student.mean([number, 0.0])",
        '"a": "가장 자주 나온 값을 평균으로 보았습니다.",',
        '"""Numbers that nobody was shown."""',
    ],
)
def test_the_scan_finds_a_line_of_the_hidden_checks(judged, tmp_path, line, broken):
    if broken:
        (judged / "checks.py").write_text(CHECKS + "def check_more(student:\n", encoding="utf-8")
    folder = tmp_path / "out"
    folder.mkdir()
    cell = nbformat.v4.new_code_cell(line)
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), folder / "lab_mean.ipynb")
    assert any("a hidden check's line" in leak.what for leak in scan(folder, [judged]))


def test_a_line_of_the_hidden_checks_that_the_notebook_shows_is_no_leak(judged, tmp_path):
    folder = tmp_path / "out"
    folder.mkdir()
    cell = nbformat.v4.new_code_cell("known = student.mean([3, 1, 2])")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), folder / "lab_mean.ipynb")
    assert scan(folder, [judged]) == ()


def test_a_whole_hidden_check_is_found_under_any_name(judged, tmp_path):
    folder = tmp_path / "wheel"
    folder.mkdir()
    (folder / "harmless.py").write_text(CHECKS, encoding="utf-8")
    assert [leak.what for leak in scan(folder, [judged])] == ["4 of 4 lines, a hidden check's line of check_mean"]


def test_a_whole_solution_is_found_anywhere_but_a_shared_line_is_not(released, tmp_path):
    """Three lines of a block elsewhere are a leak; one of them in the library is a coincidence."""
    source, _, _ = released
    lines = [
        "import statistics",
        "x_total = statistics.fmean(values)",
        "y_total = x_total * len(values)",
        "z_total = y_total - 1",
    ]
    long = assignments.code(
        "solution_mean", "\n".join(["### BEGIN SOLUTION", *lines, "### END SOLUTION"]), solution=True
    )
    other = tmp_path / "sources" / "lab_long"
    other.mkdir(parents=True)
    nbformat.write(nbformat.v4.new_notebook(cells=[long]), other / "lab_long.ipynb")
    folder = tmp_path / "wheel"
    folder.mkdir()
    (folder / "library.py").write_text("y_total = x_total * len(values)\n", encoding="utf-8")
    assert scan(folder, [source, other]) == ()
    with zipfile.ZipFile(folder / "bundle.zip", "w") as archive:
        archive.writestr("copy.py", "\n".join(lines))
    assert [leak.file for leak in scan(folder, [source, other])] == ["bundle.zip"]


def test_a_program_may_name_a_marker_but_not_hold_one(tmp_path):
    (tmp_path / "reader.py").write_text(
        'BEGIN = "### BEGIN SOLUTION"\nTEXT = "x\\n### END SOLUTION"\n', encoding="utf-8"
    )
    assert scan(tmp_path, []) == ()
    (tmp_path / "reader.py").write_text("def f():\n    ### BEGIN SOLUTION\n    return 1\n", encoding="utf-8")
    assert [leak.what for leak in scan(tmp_path, [])] == ["a marker"]


def test_a_scan_of_nothing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        scan(tmp_path / "nowhere", [])


@given(st.text(alphabet=st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="#"), min_size=1))
def test_blanks_do_not_hide_a_line(text):
    spread = "  ".join(text.split())
    assert normalised(spread) == normalised(text)
