"""Do the team's commands do what they say: a folder, a check, a mid-check, a tidy copy, counts, a verification?"""

from __future__ import annotations

import datetime
import json
import shutil
import subprocess

import pytest

from coursekit import cli
from coursekit.classroom.editions import open_folder
from coursekit.classroom.project.checking import check_document
from coursekit.classroom.project.contributions import contributions
from coursekit.classroom.project.documents import read_document
from coursekit.classroom.project.findings import all_rules
from coursekit.classroom.project.mid_check import mid_check
from coursekit.classroom.project.project_file import ProjectFileError, find_project_file, read_project_file
from coursekit.classroom.project.starting import new_project
from coursekit.classroom.project.timeline import TimelineError, read_timeline

TEMPLATES = open_folder("project_template")
EXCELLENT = TEMPLATES / "examples" / "er_beds_design_doc.md"
FLAWED = TEMPLATES / "examples" / "intents_design_doc.md"
NAMES = ("김하늘", "이서준", "박지우", "최도윤")
FIRST = datetime.date(2026, 9, 1)


@pytest.fixture
def run(monkeypatch, capsys):
    """Run the command line; its exit status, output and errors."""

    def command(*arguments):
        monkeypatch.setattr("sys.argv", ["coursekit", "project", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        told = capsys.readouterr()
        return ended.value.code, told.out, told.err

    return command


def test_a_team_s_folder_has_everything_filled_in_that_is_known(tmp_path, run):
    folder = tmp_path / "병상팀"
    status, out, _ = run(
        "new", "병상팀", "--members", ", ".join(NAMES), "--lecture-one", "2026-09-01", "--dir", folder, "--system"
    )
    assert status == 0 and str(folder) in out
    document = read_document(folder / "design_doc.md")
    assert document.members == NAMES and document.head["팀"] == "병상팀"
    assert document.head["작성일"] == datetime.date.today().isoformat()
    assert read_document(folder / "design_doc.docx").members == NAMES
    team = read_project_file(folder)
    assert team.names == NAMES and team.lecture_one == FIRST
    for one in read_timeline(TEMPLATES / "timeline.yaml"):
        assert team.milestones[one.id] == FIRST + datetime.timedelta(weeks=one.week - 1)
    assert (folder / "system" / "system.yaml").is_file()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["병상팀"]


def test_a_folder_with_something_in_it_is_left_alone(tmp_path, run):
    (tmp_path / "팀").mkdir()
    (tmp_path / "팀" / "ours.md").write_text("우리 글", encoding="utf-8")
    status, _, error = run("new", "팀", "--dir", tmp_path / "팀")
    assert status == 1 and "비어 있지 않습니다" in error
    assert [path.name for path in (tmp_path / "팀").iterdir()] == ["ours.md"]


def test_a_folder_is_whole_or_not_there(tmp_path, monkeypatch):
    monkeypatch.setattr("coursekit.classroom.project.starting.write_docx", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        new_project("팀", folder=tmp_path / "팀")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("team", "members"), [("", ()), ("..", ()), ("a/b", ()), ("팀", ("김하늘", "김하늘")), ("팀", ("",))]
)
def test_names_that_cannot_be_are_refused(tmp_path, team, members):
    with pytest.raises(ValueError, match="이름"):
        new_project(team, members=members, folder=tmp_path / "x")
    assert list(tmp_path.iterdir()) == []


def test_the_check_says_what_where_why_and_writes_both_reports(tmp_path, run):
    page, data = tmp_path / "reports" / "check.html", tmp_path / "check.json"
    status, out, _ = run("check", FLAWED, "--html", page, "--json", data)
    report = check_document(FLAWED)
    assert status == 1
    content = json.loads(data.read_text(encoding="utf-8"))
    assert [one["rule"] for one in content["findings"]] == [one.rule.id for one in report.findings]
    assert all(one["why"] and one["good"] and one["place"]["line"] for one in content["findings"])
    assert set(content["rules_checked"]) == set(all_rules())
    text = page.read_text(encoding="utf-8")
    for one in report.findings:
        assert one.message.split("\n")[0][:30] in out.replace("\n", "")
        assert one.rule.title in text
    assert "<script" not in text and "src=" not in text and 'href="http' not in text


def test_the_check_of_the_excellent_example_finds_nothing(run):
    status, out, _ = run("check", EXCELLENT)
    assert status == 0 and "찾은 것이 없습니다" in out


def test_findings_come_in_the_order_of_the_document():
    lines = [one.place.line for one in check_document(FLAWED).findings]
    assert lines == sorted(lines)


def test_of_a_section_that_is_not_written_only_that_is_said(tmp_path):
    report = check_document(TEMPLATES / "design_doc.md")
    by_section = [one.rule.id for one in report.findings if one.subject]
    assert by_section == ["section-boilerplate"] * 16
    outside = [one for one in report.findings if not one.subject]
    assert {one.rule.id for one in outside} <= {"placeholder-left", "team-missing", "date-invalid", "id-repeated"}


def test_what_cannot_be_read_is_one_sentence(tmp_path, run):
    for name in ("no.md", "no.docx", "no.hwp"):
        status, _, error = run("check", tmp_path / name)
        assert status == 1 and name in error and "Traceback" not in error


def test_the_mid_check_asks_only_for_what_is_due(tmp_path, run):
    text = EXCELLENT.read_text(encoding="utf-8")
    start, end = text.index("## 7. "), text.index("## 부록 A")
    half = tmp_path / "design_doc.md"
    shutil.copytree(EXCELLENT.parent / "figures", tmp_path / "figures")
    shutil.copyfile(EXCELLENT.parent / "figures.json", tmp_path / "figures.json")
    half.write_text(text[:start] + text[end:], encoding="utf-8")
    report = mid_check(half)
    assert {one.section for one in report.sections if one.state == "later"} == {
        name for one in read_timeline(TEMPLATES / "timeline.yaml")[5:] for name in one.sections
    }
    missing = [one.section for one in report.sections for f in one.findings if f.rule.id == "section-missing"]
    assert missing == [
        "모델",
        "서빙과 인프라",
        "배포와 롤백",
        "모니터링과 드리프트",
        "보안과 개인정보",
        "공정성과 위험",
        "대안",
        "일정과 역할",
    ]
    assert all(one.state == "done" for one in report.sections if one.state != "later")
    whole = mid_check(EXCELLENT)
    assert whole.ok and run("mid-check", EXCELLENT)[0] == 0
    assert len(whole.to_frame()) == 16 and whole.to_dict()["ok"]


def test_the_mid_check_of_an_empty_document_is_told(tmp_path, run):
    new_project("팀", members=NAMES, lecture_one=FIRST, folder=tmp_path / "팀")
    data = tmp_path / "mid.json"
    status, out, _ = run("mid-check", tmp_path / "팀" / "design_doc.md", "--json", data)
    assert status == 1 and "2026-10-27" in out
    states = {one["section"]: one["state"] for one in json.loads(data.read_text(encoding="utf-8"))["sections"]}
    assert states["기초선"] == "findings" and states["모델"] == "later"
    status, _, error = run("mid-check", tmp_path / "팀" / "design_doc.md", "--milestone", "never")
    assert status == 1 and "never" in error


def test_tidy_writes_a_copy_and_never_over_a_file(tmp_path, run):
    new_project("팀", members=NAMES, folder=tmp_path / "팀")
    document = tmp_path / "팀" / "design_doc.md"
    before = document.read_bytes()
    assert run("tidy", document)[0] == 0
    status, _, error = run("tidy", document)
    assert status == 1 and "이미 있습니다" in error
    assert document.read_bytes() == before


def test_contribution_counts_commits_and_says_what_it_cannot_see(tmp_path, run):
    new_project("팀", members=NAMES, folder=tmp_path / "팀")
    git = ["git", "-C", str(tmp_path / "팀"), "-c", "user.name=김하늘", "-c", "user.email=a@example.com"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "초안"], check=True)
    data, page = tmp_path / "c.json", tmp_path / "c.html"
    status, out, _ = run("contribution", tmp_path / "팀", "--json", data, "--html", page)
    assert status == 0 and "김하늘" in out and "점수" in out
    lines = contributions(tmp_path / "팀").to_frame().set_index("name")["lines_added"]
    assert lines.get("김하늘", 0) == 0  # the forms are nobody's text
    assert page.stat().st_size > 1000 and json.loads(data.read_text(encoding="utf-8"))


def test_verify_refuses_a_folder_without_its_system(tmp_path, run):
    status, _, error = run("verify", tmp_path)
    assert status == 1 and "system.yaml" in error


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("team: a\nmembers: [{name: ''}]\n", "1번째"),
        ("team: a\nmember: []\n", "member"),
        ("team: a\nmembers: 3\n", "목록"),
        ("team: a\nlecture_one: 9월\n", "lecture_one"),
        ("team: a\nmilestones: {hand_in: soon}\n", "milestones.hand_in"),
        ("team: a\nteam: b\n", "line 2"),
        ("- a\n", "no mapping"),
    ],
)
def test_a_project_file_that_says_something_else_is_refused(tmp_path, text, told):
    (tmp_path / "project.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ProjectFileError, match=told):
        find_project_file(tmp_path / "design_doc.md")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("milestones: []\n", "목록이 없습니다"),
        ("milestones: [{id: a, title: b, week: 3}]\n", "deliverable"),
        ("milestones: [{id: a, title: b, week: 16, deliverable: c}]\n", "16"),
        ("milestones: [{id: a, title: b, week: true, deliverable: c}]\n", "True"),
        (
            "milestones:\n- {id: a, title: b, week: 3, deliverable: c}\n- {id: a, title: b, week: 4, deliverable: c}\n",
            "두 번",
        ),
        (
            "milestones:\n- {id: a, title: b, week: 3, deliverable: c}\n- {id: b, title: b, week: 2, deliverable: c}\n",
            "이른",
        ),
        ("milestones: [\n", "line"),
    ],
)
def test_a_timeline_that_says_not_when_is_refused(tmp_path, text, told):
    (tmp_path / "timeline.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(TimelineError, match=told):
        read_timeline(tmp_path / "timeline.yaml")
