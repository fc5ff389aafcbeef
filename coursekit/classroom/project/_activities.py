"""What was done, by whom, when: the raw material of the contribution report."""

from __future__ import annotations

import datetime
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from coursekit.classroom.project.project_file import Member

KINDS = {
    "comments": "댓글",
    "replies": "답글",
    "short_comments": "짧은 댓글",
    "comment_characters": "댓글 글자",
    "suggestions": "제안",
    "characters_added": "제안으로 더한 글자",
    "characters_removed": "제안으로 지운 글자",
    "commits": "커밋",
    "commits_together": "함께 쓴 커밋",
    "lines_added": "문서에 더한 줄",
    "lines_removed": "문서에서 지운 줄",
}
"""What is counted, with its Korean name."""

SHORT_COMMENT = 8
"""A comment of fewer letters and digits is counted apart: "넵", "+1", "LGTM", "확인했습니다"."""

NOBODY = "(이름 없음)"


@dataclass(frozen=True)
class Activity:
    """One thing that somebody did, as the file says it."""

    kind: str
    amount: int
    author: str
    """The name as the file has it."""
    email: str = ""
    """The address; git has one."""
    day: datetime.date | None = None
    """The day in Korea or in the author's own zone; None if the file says none."""


def is_short(text: str) -> bool:
    """Whether a comment has hardly any letters; what it is worth is for people to say."""
    return sum(one.isalnum() for one in unicodedata.normalize("NFC", text)) < SHORT_COMMENT


def shown_name(author: str, email: str = "") -> str:
    """A name on one line, without characters that write over others."""
    kept = "".join(" " if unicodedata.category(one) in ("Cc", "Zl", "Zp") else one for one in author)
    name = "".join(one for one in kept if unicodedata.category(one) not in ("Cf", "Cs"))
    name = " ".join(unicodedata.normalize("NFC", name).split()) or NOBODY
    return f"{name} <{shown_name(email)}>" if email else name


class People:
    """Who is who: names and addresses to members, and never by likeness."""

    def __init__(self, members: Sequence[Member]) -> None:
        shown = [shown_name(one.name) for one in members]
        twice = {name for name in shown if shown.count(name) > 1}
        labels = [
            f"{name} ({one.student or number})" if name in twice else name
            for number, (name, one) in enumerate(zip(shown, members, strict=True), start=1)
        ]
        self.names = tuple(labels)
        self._known: dict[str, set[str]] = {}
        for one, label in zip(members, labels, strict=True):
            for name in (one.name, *one.accounts):
                for key in _keys(name):
                    self._known.setdefault(key, set()).add(label)
        self._strangers: dict[tuple[str, str], str] = {}

    @property
    def strangers(self) -> tuple[str, ...]:
        """Everybody who was asked for and is nobody on the list."""
        return tuple(sorted(self._strangers.values()))

    def label(self, author: str, email: str = "") -> str:
        """The member with this address, else with this name; else the author's own name, unlike all others."""
        for text in (email, author):
            found = set().union(*(self._known.get(key, set()) for key in _keys(text)))
            if len(found) == 1:
                return found.pop()
        key = (unicodedata.normalize("NFC", author).strip(), email.strip().casefold())
        if key not in self._strangers:
            label, taken = shown_name(author, email), {*self.names, *self._strangers.values()}
            same = 1
            while label in taken:  # invisible characters, or two members of one name
                same += 1
                label = f"{shown_name(author, email)} ({same})"
            self._strangers[key] = label
        return self._strangers[key]


def _keys(text: str) -> set[str]:
    """A name with and without blanks, since Korean names are written both ways; "이름 <주소>" is both of them."""
    whole = " ".join(unicodedata.normalize("NFKC", text).split()).casefold()
    parts = re.fullmatch(r"(.*?)\s*<([^<>@]*@[^<>]*)>", whole)
    keys: set[str] = set()
    for key in parts.groups() if parts else (whole,):
        keys.add(key)
        if re.fullmatch(r"[가-힣 ]+", key):
            keys.add(key.replace(" ", ""))
    return keys - {""}
