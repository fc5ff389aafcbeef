"""A roster is read as Korean systems write it, or refused with every faulty row named."""

from __future__ import annotations

import csv
import io
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.classroom.roster import RosterError, Student, names_of, read_roster, split_name

SYLLABLES = st.text(alphabet=st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3), min_size=2, max_size=4)


def written(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "students.csv"
    path.write_bytes(text.encode(encoding))
    return path


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_encodings_and_delimiters(tmp_path, encoding, delimiter):
    text = "\r\n".join(
        delimiter.join(row) for row in (("학번", "이름", "비고"), ("0251", "홍길동", "재수강"), ("0252", "남궁민", ""))
    )
    students = read_roster(written(tmp_path, text, encoding))
    assert students == (Student("0251", "홍", "길동", ""), Student("0252", "남궁", "민", ""))


def test_nbgraders_own_columns(tmp_path):
    text = "id,last_name,first_name,email\n7,Lovelace,Ada,ada@example.org\n"
    assert read_roster(written(tmp_path, text)) == (Student("7", "Lovelace", "Ada", "ada@example.org"),)
    assert read_roster(written(tmp_path, text))[0].name == "Ada Lovelace"


def test_family_and_given_name_in_korean_columns(tmp_path):
    assert read_roster(written(tmp_path, "성,이름,학번\n제갈,공명,1\n"))[0] == Student("1", "제갈", "공명", "")


def test_names_in_pieces_are_put_together(tmp_path):
    """macOS writes Hangul as single letters; a match by name would never succeed."""
    text = unicodedata.normalize("NFD", "학번,이름\n1,홍길동\n")
    assert read_roster(written(tmp_path, text))[0].name == "홍길동"


def test_a_number_that_excel_made_of_an_id(tmp_path):
    assert read_roster(written(tmp_path, "학번,이름\n20250001.0,홍길동\n"))[0].id == "20250001"


def test_every_faulty_row_is_named_at_once(tmp_path):
    text = "학번,이름\n1,홍길동\n,김철수\n1,이영희\na/b,박민수\n5,\n"
    with pytest.raises(RosterError) as caught:
        read_roster(written(tmp_path, text))
    said = str(caught.value)
    for part in ("row 3 (김철수): no id", "rows 2, 4: id 1", "row 5: id 'a/b'", "row 6 (5): no name"):
        assert part in said


@pytest.mark.parametrize(
    "text, said", [("이름\n홍길동\n", "학번"), ("학번\n1\n", "names"), ("", "empty"), ("학번,이름\n", "no students")]
)
def test_a_file_that_is_no_roster(tmp_path, text, said):
    with pytest.raises(RosterError, match=said):
        read_roster(written(tmp_path, text))


def test_bytes_that_are_no_text(tmp_path):
    path = tmp_path / "students.csv"
    path.write_bytes(b"\xff\xff\x00\x81\xff")
    with pytest.raises(RosterError, match="CSV UTF-8"):
        read_roster(path)


@settings(deadline=None)
@given(st.lists(SYLLABLES, min_size=1, max_size=8), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_any_korean_name_survives_the_round_trip(tmp_path_factory, names, encoding):
    out = io.StringIO()
    csv.writer(out).writerows([("학번", "이름"), *((f"s{number}", name) for number, name in enumerate(names))])
    path = written(tmp_path_factory.mktemp("roster"), out.getvalue(), encoding)
    assert [student.name for student in read_roster(path)] == names


@given(SYLLABLES)
def test_a_split_name_is_the_name(name):
    last, first = split_name(name)
    assert last + first == name
    assert last
    assert first


def test_a_shared_name_leads_to_both():
    twins = [Student("1", "김", "민준", ""), Student("2", "김", "민준", ""), Student("3", "이", "서연", "")]
    names = names_of(twins)
    assert sorted(names["김민준"]) == ["1", "2"]
    assert names["이서연"] == ["3"]
