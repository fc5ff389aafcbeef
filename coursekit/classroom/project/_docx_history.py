"""Comments, replies and open suggestions in a .docx, with their authors."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from coursekit.classroom.project._activities import Activity, is_short
from coursekit.classroom.project._docx_inline import clean
from coursekit.classroom.project._docx_package import W14, W15, Package, W

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_KOREA = datetime.timezone(datetime.timedelta(hours=9))
_INSERTED, _DELETED = (f"{W}ins", f"{W}moveTo"), (f"{W}del", f"{W}moveFrom")
# "_Marked as resolved_", "_Re-opened_", "_Assigned to ..._": Google Docs says so in comments of their own.
_MARK = re.compile(r"^_[^_\n][^\n]*_$", re.MULTILINE)


def docx_history(path: Path) -> list[Activity]:
    """Everything that a .docx tells about who did what; raises DocumentError if it cannot be read."""
    package = Package(path)
    root = package.tree(package.main)
    if root is None:
        raise package.error("본문이 없는 문서입니다. Google 문서에서 .docx로 다시 받으세요.")
    try:
        return [*_comments(package, root), *_suggestions(package, root)]
    except RecursionError:
        raise package.error("내용이 너무 깊게 겹쳐 있어 읽을 수 없습니다. Google 문서에서 다시 받으세요.") from None


def _comments(package: Package, root: Element) -> Iterator[Activity]:
    name = package.related("comments")
    comments = package.tree(name) if name else None
    if comments is None:
        return
    answers = _replies(package, comments, root)
    for comment in comments.iter(f"{W}comment"):
        paragraphs = ("".join(one.text or "" for one in part.iter(f"{W}t")) for part in comment.iter(f"{W}p"))
        text = clean(_MARK.sub("", "\n".join(map(str.strip, paragraphs))))
        if not text:
            continue  # a thread marked as resolved, or an empty one
        author, day = comment.get(f"{W}author") or "", _day(package, comment)
        kind = "replies" if comment.get(f"{W}id") in answers else "comments"
        yield Activity("short_comments" if is_short(text) else kind, 1, author, day=day)
        yield Activity("comment_characters", len(re.sub(r"\s", "", text)), author, day=day)


def _replies(package: Package, comments: Element, root: Element) -> set[str]:
    """Ids of the comments that answer another.

    commentsExtended.xml says so where it is there; the older exports of Google Docs lay a reply over exactly
    the text of the comment that it answers.
    """
    name = package.related("commentsExtended")
    extended = package.tree(name) if name else None
    if extended is not None:
        told = {one.get(f"{W15}paraId"): one.get(f"{W15}paraIdParent") for one in extended.iter(f"{W15}commentEx")}
        if any(told.values()):
            return {
                comment.get(f"{W}id") or ""
                for comment in comments.iter(f"{W}comment")
                if any(told.get(one.get(f"{W14}paraId")) for one in comment.iter(f"{W}p"))
            }
    ranges: dict[str, list[int]] = {}
    _ranges(root, ranges)
    order = [one.get(f"{W}id") or "" for one in comments.iter(f"{W}comment")]
    seen: set[tuple[int, ...]] = set()
    answers: set[str] = set()
    for number in order:
        covered = tuple(ranges.get(number, ()))
        if len(covered) == 2 and covered in seen:
            answers.add(number)
        seen.add(covered)
    return answers


def _ranges(root: Element, ranges: dict[str, list[int]]) -> None:
    """Between which characters of the document each comment lies."""
    at = 0
    for element in root.iter():
        if element.tag in (f"{W}t", f"{W}delText"):
            at += len(element.text or "")
        elif element.tag in (f"{W}p", f"{W}drawing", f"{W}br"):
            at += 1
        elif element.tag in (f"{W}commentRangeStart", f"{W}commentRangeEnd"):
            ranges.setdefault(element.get(f"{W}id") or "", []).append(at)


def _suggestions(package: Package, root: Element) -> Iterator[Activity]:
    trees = [root, *(package.tree(name) for kind in ("footnotes", "endnotes") if (name := package.related(kind)))]
    counted: set[tuple[str, str, str | None]] = set()
    for tree in trees:
        for element in tree.iter() if tree is not None else ():
            if element.tag not in _INSERTED + _DELETED:
                continue
            # text that was inserted and then deleted by another was typed by the first and deleted by the second
            characters = sum(len(one.text or "") for kind in ("t", "delText") for one in element.iter(f"{W}{kind}"))
            if not characters:
                continue  # a paragraph's end, a row
            kind = "characters_added" if element.tag in _INSERTED else "characters_removed"
            author, day = element.get(f"{W}author") or "", _day(package, element)
            yield Activity(kind, characters, author, day=day)
            one = (kind, author, element.get(f"{W}date") or element.get(f"{W}id"))
            if one not in counted:  # a suggestion that passes from bold into plain text is written in pieces
                counted.add(one)
                yield Activity("suggestions", 1, author, day=day)


def _day(package: Package, element: Element) -> datetime.date | None:
    """The day in Korea: Google Docs writes UTC; Word writes the clock of its machine and calls it UTC."""
    text = element.get(f"{W}date") or ""
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    if moment.tzinfo is None or b"Microsoft" in (package.part("docProps/app.xml") or b""):
        return moment.date()
    try:
        return moment.astimezone(_KOREA).date()
    except OverflowError:
        return None
