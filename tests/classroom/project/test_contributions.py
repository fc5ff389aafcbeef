"""Who did what, with the truth planted: documents of Google Docs, repositories made here, names of strangers."""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import unicodedata
from pathlib import Path

import pytest
from google_docs import Export, cell, deleted, paragraph, run, table, zipped
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.classroom.project._activities import KINDS, NOBODY, People
from coursekit.classroom.project.contributions import contributions
from coursekit.classroom.project.documents import DocumentError
from coursekit.classroom.project.project_file import Member

HANEUL = Member("김하늘", "2026001", ("haneul@example.ac.kr", "Haneul Kim"))
BADA = Member("이바다", "2026002", ("bada@example.ac.kr",))
SOL = Member("박솔", "2026003", ())
TEAM = (HANEUL, BADA, SOL)
LONG = "이 지표의 분모에서 취소된 이송을 빼는 이유를 적어 주세요."


def _counts(report, name: str) -> dict[str, int]:
    row = report.to_frame().set_index("name").loc[name]
    return {kind: int(row[kind]) for kind in KINDS if row[kind]}


def _letters(*texts: str) -> int:
    return sum(len("".join(text.split())) for text in texts)


# ---------------------------------------------------------------- .docx


def _discussed(*, told: bool) -> Export:
    """A document with a thread, a comment inside of its text, a short one, and a thread marked as resolved."""
    export = Export(threads_told=told)
    export.heading("개요")
    first = export.comment("김하늘", LONG, "2026-10-05T03:00:00Z")
    second = export.comment(
        "이바다", "취소된 이송은 병상을 쓰지 않기 때문입니다.", "2026-10-05T16:30:00Z", reply_to=first
    )
    third = export.comment("이바다", "넵!", "2026-10-12T03:00:00Z", reply_to=first)
    mark = export.comment("김하늘", "_Marked as resolved_", "2026-10-12T03:10:00Z", reply_to=first)
    inner = export.comment("Haneul Kim", "여기의 단위는 분입니까, 초입니까?\n둘째 문단입니다.", "2026-10-13T03:00:00Z")
    inside = run("앞 ") + export.commented(run("안쪽"), inner) + run(" 뒤")
    export.add(paragraph(export.commented(inside, first, second, third, mark)))
    return export


@pytest.mark.parametrize("told", [False, True], ids=["replies by range", "replies by commentsExtended"])
def test_comments_and_replies_are_told_apart(tmp_path, told):
    path = _discussed(told=told).write(tmp_path / "설계.docx")
    report = contributions(path, members=TEAM)
    assert _counts(report, "김하늘") == {
        "comments": 2,
        "comment_characters": _letters(LONG, "여기의 단위는 분입니까, 초입니까?", "둘째 문단입니다."),
    }
    assert _counts(report, "이바다") == {
        "replies": 1,
        "short_comments": 1,
        "comment_characters": _letters("취소된 이송은 병상을 쓰지 않기 때문입니다.", "넵!"),
    }
    assert _counts(report, "박솔") == {}
    assert report.unmatched == ()


def test_days_are_korean_and_weeks_are_the_courses(tmp_path):
    path = _discussed(told=False).write(tmp_path / "설계.docx")
    report = contributions(path, members=TEAM, lecture_one=datetime.date(2026, 9, 1))
    days = report.activities.groupby("name")["day"]
    assert days.min().to_dict() == {"김하늘": datetime.date(2026, 10, 5), "이바다": datetime.date(2026, 10, 6)}
    weeks = {(row["name"], row["told"]) for row in report.to_dict()["weeks"]}
    assert weeks == {("김하늘", "5주차"), ("이바다", "6주차"), ("김하늘", "7주차")}


def test_word_writes_its_own_clock(tmp_path):
    parts = _discussed(told=False).parts()
    parts["docProps/app.xml"] = b"<Properties><Application>Microsoft Office Word</Application></Properties>"
    (tmp_path / "word.docx").write_bytes(zipped(parts))
    report = contributions(tmp_path / "word.docx", members=TEAM)
    assert report.activities.groupby("name")["day"].min()["이바다"] == datetime.date(2026, 10, 5)


def test_suggestions_are_counted_by_character(tmp_path):
    date = "2026-10-05T03:00:00Z"
    export = Export()
    bold = run("굵은 글", properties='<w:b w:val="1"/>')
    both = f'<w:del w:id="99" w:author="이바다" w:date="{date}">{deleted("다시 지운")}</w:del>'
    export.add(
        paragraph(
            export.suggestion("ins", "김하늘", date, run("더한 글")),
            export.suggestion("ins", "김하늘", date, bold),
            export.suggestion("del", "김하늘", date, deleted("지운 글자")),
            export.suggestion("ins", "김하늘", "2026-10-06T03:00:00Z", both),
        ),
        table(["ID", cell(paragraph(export.suggestion("ins", "박솔", date, run("표 안"))))]),
        paragraph("x", properties='<w:rPr><w:ins w:id="7" w:author="박솔"/></w:rPr>'),
    )
    report = contributions(export.write(tmp_path / "a.docx"), members=TEAM)
    assert _counts(report, "김하늘") == {
        "suggestions": 3,
        "characters_added": len("더한 글굵은 글다시 지운"),
        "characters_removed": len("지운 글자"),
    }
    assert _counts(report, "이바다") == {"suggestions": 1, "characters_removed": len("다시 지운")}
    assert _counts(report, "박솔") == {"suggestions": 1, "characters_added": len("표 안")}


def test_a_comment_without_a_date_is_counted_and_told(tmp_path):
    export = Export()
    export.comment("김하늘", LONG, "")
    export.add(paragraph(export.commented("글", 0)))
    report = contributions(export.write(tmp_path / "a.docx"), members=TEAM)
    assert _counts(report, "김하늘")["comments"] == 1
    assert report.by_week().empty
    assert any("날짜가 없는" in note for note in report.notes)
    assert len(report.plot().data) == len(TEAM)


def test_two_remarks_on_different_words_are_two_comments(tmp_path):
    export = Export()
    export.comment("김하늘", LONG, "2026-10-05T03:00:00Z")
    export.comment("이바다", LONG, "2026-10-05T04:00:00Z")
    export.add(paragraph(export.commented("앞", 0), export.commented("뒤", 1)))
    report = contributions(export.write(tmp_path / "a.docx"), members=TEAM)
    assert [_counts(report, name)["comments"] for name in ("김하늘", "이바다")] == [1, 1]


HOSTILE = [
    "=cmd|' /C calc'!A0",
    "두\n줄",
    "두 줄",
    "<img src=x onerror=alert(1)>",
    "[red]빨강[/]",
    "",
    "\u202e늘하김",
    "김\u200b하늘",
    "a" * 500,
]


def test_names_of_strangers_stay_apart_and_on_one_line(tmp_path):
    export = Export()
    for number, name in enumerate(HOSTILE):
        export.comment(name, LONG, f"2026-10-05T03:{number:02d}:00Z")
    export.add(paragraph("글"))
    export.write(tmp_path / "a.docx")
    report = contributions(tmp_path / "a.docx", members=TEAM)
    frame = report.to_frame().set_index("name")
    assert len(report.unmatched) == len(HOSTILE), "nobody is dropped, no two become one"
    assert frame.loc[list(report.unmatched), "comments"].tolist() == [1] * len(HOSTILE)
    assert frame.loc[list(report.members), "comments"].tolist() == [0, 0, 0], "김\u200b하늘 is not 김하늘"
    assert NOBODY in report.unmatched
    assert all("\n" not in name and "\u202e" not in name for name in report.unmatched)
    assert "<img" not in report.plot().to_html(include_plotlyjs=False)


def test_a_name_from_a_mac_is_the_same_name(tmp_path):
    export = Export()
    export.comment(unicodedata.normalize("NFD", "김하늘"), LONG, "2026-10-05T03:00:00Z")
    export.comment("김 하늘", LONG, "2026-10-05T03:01:00Z")
    export.add(paragraph("글"))
    report = contributions(export.write(tmp_path / "a.docx"), members=TEAM)
    assert (_counts(report, "김하늘")["comments"], report.unmatched) == (2, ())


def test_two_members_of_one_name_are_not_guessed(tmp_path):
    export = Export()
    export.comment("김하늘", LONG, "2026-10-05T03:00:00Z")
    export.add(paragraph("글"))
    twins = (HANEUL, Member("김하늘", "2026009"))
    report = contributions(export.write(tmp_path / "a.docx"), members=twins)
    assert report.members == ("김하늘 (2026001)", "김하늘 (2026009)")
    assert report.unmatched == ("김하늘",)


def test_without_a_list_everybody_stands_under_the_own_name(tmp_path):
    path = _discussed(told=False).write(tmp_path / "a.docx")
    report = contributions(path)
    assert set(report.unmatched) == {"김하늘", "이바다", "Haneul Kim"} and report.members == ()
    (tmp_path / "project.yaml").write_text(
        "team: 병상팀\nmembers:\n  - name: 김하늘\n    accounts: [Haneul Kim]\n  - 이바다\nlecture_one: 2026-09-01\n",
        encoding="utf-8",
    )
    assert contributions(path).unmatched == ()
    assert contributions(path).lecture_one == datetime.date(2026, 9, 1)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"%PDF"])
def test_a_broken_document_is_named(tmp_path, content):
    (tmp_path / "a.docx").write_bytes(content)
    with pytest.raises(DocumentError, match=r"a\.docx"):
        contributions(tmp_path / "a.docx")


def test_other_files_and_folders_are_refused(tmp_path):
    (tmp_path / "a.md").write_text("# 글", encoding="utf-8")
    for path, told in (
        (tmp_path / "a.md", "git"),
        (tmp_path / "none.docx", "파일이 없습니다"),
        (tmp_path, "git 저장소"),
    ):
        with pytest.raises(DocumentError, match=told):
            contributions(path)


# ---------------------------------------------------------------- git


class _Repository:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.git("init", "-q", "-b", "main")

    def git(
        self, *arguments: str, author: str = "김하늘 <haneul@example.ac.kr>", date: str = "2026-10-05T12:00:00+09:00"
    ):
        name, _, email = author.rpartition(" <")
        who = {"NAME": name, "EMAIL": email.rstrip(">"), "DATE": date}
        environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        environment |= {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in who.items()}
        environment |= {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        command = ["git", "-C", str(self.folder), "-c", "commit.gpgsign=false", *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True).stdout

    def commit(self, files: dict[str, str | bytes | None], message: str = "고침", **who: str) -> None:
        for name, content in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                path.unlink()
            else:
                path.write_bytes(content.encode() if isinstance(content, str) else content)
        self.git("add", "-A", **who)
        self.git("commit", "-q", "-m", message, **who)


def test_lines_of_documents_and_commits_are_counted_per_author(tmp_path):
    team = _Repository(tmp_path / "팀")
    team.commit({"설계 문서.md": "하나\n둘\n셋\n"})
    team.commit(
        {"설계 문서.md": "하나\n둘 고침\n셋\n넷\n"},
        author="Bada <BADA@example.ac.kr>",
        date="2026-10-13T00:30:00+09:00",
    )
    team.commit({"system/app.py": "x = 1\n" * 50, "설계.docx": b"PK\0\0" * 99}, author="박솔 <sol@other.example>")
    report = contributions(team.folder, members=TEAM)
    assert _counts(report, "김하늘") == {"commits": 1, "lines_added": 3}
    assert _counts(report, "이바다") == {"commits": 1, "lines_added": 2, "lines_removed": 1}
    assert _counts(report, "박솔") == {"commits": 1}, "code and .docx are commits, not lines"
    assert report.to_dict()["weeks"][-1]["week"] == "2026-10-12"


def test_a_renamed_document_is_not_written_anew(tmp_path):
    team = _Repository(tmp_path / "r")
    text = "".join(f"{number}번째 줄\n" for number in range(40))
    team.commit({"문서.md": text})
    team.commit({"문서.md": None, "새 이름\t과 탭.md": text + "끝\n"}, author="이바다 <bada@example.ac.kr>")
    assert _counts(contributions(team.folder, members=TEAM), "이바다") == {"commits": 1, "lines_added": 1}


def test_co_authors_share_a_commit_once(tmp_path):
    team = _Repository(tmp_path / "r")
    message = (
        "함께 씀\n\nCo-authored-by: 이바다 <bada@example.ac.kr>\nco-authored-by: 김하늘 <haneul@example.ac.kr>\n"
        "Co-authored-by: 손님 <guest@example.org>\n"
    )
    team.commit({"doc.md": "하나\n"}, message)
    report = contributions(team.folder, members=TEAM)
    for name in ("김하늘", "이바다", "손님 <guest@example.org>"):
        assert _counts(report, name) == {"commits": 1, "commits_together": 1, "lines_added": 1}
    assert report.unmatched == ("손님 <guest@example.org>",)
    assert any("Co-authored-by" in note for note in report.notes)


def test_mailmap_names_the_same_person(tmp_path):
    team = _Repository(tmp_path / "r")
    team.commit({".mailmap": "이바다 <bada@example.ac.kr> <old@home.example>\n"})
    team.commit({"doc.md": "하나\n"}, author="bd <old@home.example>")
    team.commit({"doc.md": "하나\n둘\n"}, "둘\n\nCo-authored-by: bd <old@home.example>")
    report = contributions(team.folder, members=TEAM)
    assert _counts(report, "이바다") == {"commits": 2, "commits_together": 1, "lines_added": 2}
    assert report.unmatched == ()


def test_merges_are_not_counted(tmp_path):
    team = _Repository(tmp_path / "r")
    team.commit({"doc.md": "하나\n"})
    team.git("checkout", "-q", "-b", "side")
    team.commit({"b.md": "둘\n"}, author="이바다 <bada@example.ac.kr>")
    team.git("checkout", "-q", "main")
    team.commit({"c.md": "셋\n"})
    team.git("merge", "-q", "--no-ff", "side", "-m", "병합", author="박솔 <sol@example.ac.kr>")
    report = contributions(team.folder, members=TEAM)
    assert [_counts(report, name).get("commits", 0) for name in report.members] == [2, 1, 0]


def test_unmatched_authors_of_git_are_listed_with_their_address(tmp_path):
    team = _Repository(tmp_path / "r")
    team.commit({"doc.md": "하나\n"}, author="김하늘2 <someone@example.org>")
    team.commit({"doc.md": "둘\n"}, author="=cmd() <x@example.org>")
    report = contributions(team.folder, members=TEAM)
    assert report.unmatched == ("=cmd() <x@example.org>", "김하늘2 <someone@example.org>")
    assert any("김하늘2" in note and "accounts" in note for note in report.notes)


def test_an_empty_repository_has_no_commits(tmp_path):
    team = _Repository(tmp_path / "r")
    report = contributions(team.folder, members=TEAM)
    assert report.activities.empty and len(report.to_frame()) == 3
    assert any("커밋이 아직" in note for note in report.notes)


def test_a_folder_within_another_repository_is_none(tmp_path):
    team = _Repository(tmp_path / "r")
    (team.folder / "sub").mkdir()
    with pytest.raises(DocumentError, match="git 저장소가 아닙니다"):
        contributions(team.folder / "sub")


def test_a_shallow_clone_is_told(tmp_path):
    team = _Repository(tmp_path / "r")
    for text in ("하나\n", "둘\n"):
        team.commit({"doc.md": text})
    team.git("clone", "-q", "--depth", "1", team.folder.as_uri(), str(tmp_path / "clone"))
    assert any("얕게" in note for note in contributions(tmp_path / "clone").notes)


def test_nothing_in_a_strangers_repository_is_run(tmp_path):
    team = _Repository(tmp_path / "r")
    team.commit({"doc.md": "하나\n", ".gitattributes": "*.md diff=evil\n"})
    team.commit({"doc.md": "둘\n"})
    mark = tmp_path / "ran"
    for key in (
        "core.fsmonitor",
        "core.pager",
        "diff.external",
        "diff.evil.textconv",
        "diff.evil.command",
        "gpg.program",
        "core.sshCommand",
    ):
        team.git("config", key, f"touch {mark}; cat")
    team.git("config", "log.showSignature", "true")
    assert contributions(team.folder, members=TEAM).to_frame()["commits"].sum() == 2
    assert not mark.exists()


def test_a_document_and_a_repository_are_counted_together(tmp_path):
    team = _Repository(tmp_path / "r")
    team.commit({"doc.md": "하나\n"})
    path = _discussed(told=False).write(tmp_path / "설계.docx")
    report = contributions(path, members=TEAM, repository=team.folder)
    assert _counts(report, "김하늘")["commits"] == 1 and _counts(report, "김하늘")["comments"] == 2
    assert report.sources == ("설계.docx", "r")


# ---------------------------------------------------------------- the report


def test_the_report_says_that_it_is_no_grade(tmp_path):
    report = contributions(_discussed(told=False).write(tmp_path / "a.docx"), members=TEAM)
    assert "점수가 아니며" in report.notes[0]
    for unseen in ("이야기", "대표로 받아 적은", "붙여 넣은"):
        assert unseen in report.notes[1]
    told = report.to_dict()
    assert told["is_grade"] is False
    names = {*report.to_frame().columns, *told, *(key for person in told["people"] for key in person)}
    assert not [name for name in names if any(word in name for word in ("share", "percent", "score", "points", "rank"))]


def test_the_report_is_plain_data_a_table_and_a_picture(tmp_path):
    report = contributions(_discussed(told=False).write(tmp_path / "a.docx"), members=TEAM)
    assert json.loads(json.dumps(report.to_dict(), ensure_ascii=False)) == report.to_dict()
    assert list(report.table().columns) == ["이름", "팀원", "댓글", "답글", "짧은 댓글", "댓글 글자"]
    figure = report.plot()
    assert [trace.name for trace in figure.data] == ["김하늘", "이바다", "박솔"]
    assert "점수가 아닙니다" in figure.layout.title.text
    assert {len(trace.x) for trace in figure.data} == {2}
    assert sum(sum(trace.y) for trace in figure.data) == 4


def test_a_wrong_clock_draws_no_thousand_weeks(tmp_path):
    export = Export()
    export.comment("김하늘", LONG, "1970-01-01T00:00:00Z")
    export.comment("김하늘", LONG, "2099-01-01T00:00:00Z")
    export.comment("이바다", LONG, "0001-01-01T00:00:00Z")
    export.add(paragraph("글"))
    path = export.write(tmp_path / "a.docx")
    for first in (None, datetime.date(2026, 9, 1)):
        figure = contributions(path, members=TEAM, lecture_one=first).plot()
        assert all(len(trace.x) <= 3 for trace in figure.data)


NAMES = st.text(st.sampled_from("김이박하늘바 ab@<>.\n\u200b가나"), max_size=6)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.tuples(NAMES, st.lists(NAMES, max_size=2)), max_size=4), st.lists(NAMES, max_size=6))
def test_matching_is_a_function_that_keeps_people_apart(members, authors):
    """The same author has one label; what is no member's own name or account never is a member's."""
    people = People([Member(name or "이름", "", tuple(accounts)) for name, accounts in members])
    labels = {author: people.label(author) for author in authors}
    assert labels == {author: people.label(author) for author in reversed(authors)}

    def loose(text: str) -> str:
        return "".join(unicodedata.normalize("NFKC", text).split()).casefold()

    own = {loose(name or "이름") for name, _ in members} | {loose(one) for _, more in members for one in more}
    for author, label in labels.items():
        if label in people.names:
            assert any(loose(author) in one or one in loose(author) for one in own)
        else:
            assert label in people.strangers
    strangers = {
        unicodedata.normalize("NFC", one).strip() for one, label in labels.items() if label in people.strangers
    }
    assert len(people.strangers) == len(strangers)
