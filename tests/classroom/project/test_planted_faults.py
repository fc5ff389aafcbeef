"""Does the checker find what teams do wrong, at its place, and nothing where they do nothing wrong?

Documents and faults were written against the grammar of a design document, not against the checker.
"""

from __future__ import annotations

import random
from collections import Counter

import pytest

from coursekit.classroom.project.findings import all_rules
from tests.classroom.project.document_drafts import HEALTHY, Draft
from tests.classroom.project.fault_judging import applicable, check, check_docx, judge, judge_docx
from tests.classroom.project.harmless_edits import HARMLESS
from tests.classroom.project.planted_faults import FAULTS

PLANTED = applicable()
NAMES = [document.name for document in HEALTHY]
# through Word, which takes its time over a long document, one fault of every second rule
SHORT = [pair for pair in PLANTED if pair[0].name != "er_beds"]
THROUGH_WORD = [
    random.Random(rule).choice([pair for pair in SHORT if pair[1].rule == rule]) for rule in list(all_rules())[::2]
]
PAIRS = 40


@pytest.fixture(scope="session")
def folders(tmp_path_factory):
    """One folder per document, with the files that it names."""
    root = tmp_path_factory.mktemp("documents")
    return {document.name: document.lay_out(root / document.name) for document in HEALTHY}


def _told(findings):
    return [f"{one.rule.id} {one.told}" for one in findings]


def _named(pairs):
    return [pytest.param(*pair, id=f"{pair[0].name}-{pair[1].name}") for pair in pairs]


def test_corpus_holds_three_faults_of_every_rule():
    counts = Counter(fault.rule for fault in FAULTS)
    assert set(counts) == set(all_rules())
    assert min(counts.values()) >= 3
    assert len(FAULTS) >= 200
    assert {fault.name for _, fault in PLANTED} == {fault.name for fault in FAULTS}, "a fault fits no document"
    assert len(PLANTED) > 2.9 * len(FAULTS)


@pytest.mark.parametrize("document", HEALTHY, ids=NAMES)
def test_healthy_documents_have_no_finding(document, folders):
    assert _told(check(Draft(document), folders[document.name])) == []


@pytest.mark.parametrize("document", HEALTHY, ids=NAMES)
def test_healthy_documents_have_no_finding_after_word(document, folders):
    assert _told(check_docx(Draft(document), folders[document.name])) == []


@pytest.mark.parametrize("fault", FAULTS, ids=[fault.name for fault in FAULTS])
def test_a_planted_fault_is_found_at_its_place_and_alone(fault, folders):
    wrong = {}
    for document in [document for document, mine in PLANTED if mine is fault]:
        draft = Draft(document)
        lines = fault.plant(draft)
        verdict = judge(fault, draft, lines, check(draft, folders[document.name]))
        if not verdict.ok:
            wrong[document.name] = (verdict, lines)
    assert wrong == {}


@pytest.mark.parametrize(("document", "fault"), _named(THROUGH_WORD))
def test_a_planted_fault_is_found_after_word(document, fault, folders):
    draft = Draft(document)
    fault.plant(draft)
    verdict = judge_docx(fault, draft, check_docx(draft, folders[document.name]))
    assert verdict.found, verdict.told
    assert verdict.placed, verdict.told
    assert verdict.stray == ()


def _pairs():
    """Two faults in different sections of a document, of which neither explains the other."""
    draw, found = random.Random(2026), []
    while len(found) < PAIRS:
        document = draw.choice(HEALTHY)
        one, two = draw.sample([fault for mine, fault in PLANTED if mine is document], 2)
        apart = one.sections and two.sections and not set(one.sections) & set(two.sections)
        if apart and one.rule not in two.also and two.rule not in one.also and one.rule != two.rule:
            found.append(pytest.param(document, one, two, id=f"{document.name}-{one.name}-{two.name}"))
    return found


@pytest.mark.parametrize(("document", "one", "two"), _pairs())
def test_two_faults_do_not_hide_each_other(document, one, two, folders):
    draft = Draft(document)
    planted = {fault: fault.plant(draft) for fault in (one, two)}
    findings = check(draft, folders[document.name])
    for fault, lines in planted.items():
        verdict = judge(fault, draft, lines, findings)
        assert verdict.found, verdict.told
        assert verdict.placed, (verdict.told, lines)


@pytest.mark.parametrize("edit", HARMLESS.values(), ids=HARMLESS)
@pytest.mark.parametrize("document", HEALTHY, ids=NAMES)
def test_harmless_edits_have_no_finding(document, edit, folders):
    draft = Draft(document)
    edit(draft)
    assert _told(check(draft, folders[document.name])) == []
