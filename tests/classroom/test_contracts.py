"""The proof of an assignment fails for every way in which its tests can be wrong."""

from __future__ import annotations

import assignments
import pytest

from coursekit.classroom.contracts import VariantError, prove, read_variant

GOOD = '"""Takes the median.\n\nLoses: test_mean,\n    test_spread\n"""\n\n# %% solution_mean\nmean = None\n'


def variant(tmp_path, text, name="wrong_median.py"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_variant(path)


def test_a_variant_is_read(tmp_path):
    read = variant(tmp_path, GOOD)
    assert (read.name, read.kind, read.claim) == ("wrong_median", "wrong", "Takes the median.")
    assert read.loses == ("test_mean", "test_spread")
    assert dict(read.cells) == {"solution_mean": "mean = None"}


FAULTY = {
    "median.py": (GOOD, "name it wrong"),
    "wrong_a.py": (GOOD.replace("Loses: test_mean,\n    test_spread\n", ""), "names the cells"),
    "right_b.py": (GOOD, "remove 'Loses:'"),
    "wrong_c.py": ("# %% solution_mean\nmean = None\n", "docstring"),
    "wrong_d.py": (GOOD.replace("# %% solution_mean\n", ""), "stands before"),
    "wrong_e.py": (GOOD.split("# %%")[0], "has no '# %%"),
    "wrong_f.py": (GOOD + "# %% solution_mean\nmean = 1\n", "twice"),
    "wrong_g.py": (GOOD + "def (", "wrong_g.py, line 9"),
}


@pytest.mark.parametrize("name", FAULTY)
def test_a_faulty_variant_says_where(tmp_path, name):
    text, said = FAULTY[name]
    with pytest.raises(VariantError, match=said):
        variant(tmp_path, text, name)


def test_a_variant_that_names_an_unknown_cell(source):
    (source / "variants" / "wrong_name.py").write_text(GOOD.replace("solution_mean", "solution_men"), encoding="utf-8")
    with pytest.raises(VariantError, match="no such answer cell: solution_men; there are solution_mean"):
        prove(source)


def test_a_sound_assignment_is_proven(sound_source):
    report = prove(sound_source)
    assert report.ok, report.to_frame().to_string()
    assert report.kill_rate == 1
    frame = report.to_frame().set_index("name")
    assert frame.loc["reference", "score"] == report.max_score == 4
    assert frame.loc["blank", "score"] == 0
    assert set(frame["kind"]) == {"reference", "blank", "wrong", "right"}
    (heat,) = report.plot().data
    assert max(map(max, heat.z)) <= 1, "nothing against expectation"


def test_every_failure_of_the_tests_is_seen(source):
    """A test that passes a mistake, one that rejects a right answer, and one that the stub passes."""
    assignments.change(source, "test_spread", "assert spread([7]) == 0")  # passes wrong_first
    assignments.change(source, "test_mean", 'assert " sum(" in In[-2], "sum을 쓰세요."')  # sees one way only
    report = prove(source)
    verdicts = {contract.name: contract.ok for contract in report.contracts}
    assert verdicts == {
        "reference": True,
        "blank": True,
        "right_fsum": False,
        "wrong_first": False,
        "wrong_median": True,
    }
    assert not report.ok
    assert report.kill_rate == 0.5
    lost = {contract.name: contract.lost for contract in report.contracts}
    assert lost["right_fsum"] == ("test_mean",)
    assert lost["wrong_first"] == ("test_spread_hidden",)
