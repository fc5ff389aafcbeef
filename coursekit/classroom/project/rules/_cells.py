"""What a cell says: whether it says anything, which number, which ids, whose name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterator
from functools import lru_cache

from coursekit.classroom.project.documents import NOTE

_NOTHING = re.compile(
    r"[\s\-–—―─ㅡ.·…~?/]*|[xX]|n\s*/?\s*a\.?|none|null|(해당\s*)?없음|미정|미상|추후(\s*\S{1,4})?(\s*예정)?|[^\s\d]{1,4}\s*예정",
    re.IGNORECASE,
)
_PLACEHOLDERS = (
    r"(?<![A-Za-z0-9])TBD(?![A-Za-z0-9])",
    r"(?<![A-Za-z0-9])TODO(?![A-Za-z0-9])",
    r"(?<![A-Za-z0-9-])XXX(?![A-Za-z0-9-])",
    r"[○◯]{2,}",
    r"추후\s*(?:에\s*)?(?:작성|추가|보완|기입|기재)(?:\s*예정|하겠|할\s*것|함|합니다|$)|추후\s*작성",
    # "설계 문서 작성 예정" in a schedule is a plan; "이 절은 작성 예정" is a hole
    r"(?:^|[(\[:.]\s*|(?:이|본|해당)\s*(?:절|부분|장|칸)은?\s*|내용은?\s*|나중에\s*|곧\s*)작성\s*예정",
    r"작성\s*예정(?:이다|입니다|임(?![가-힣]))",
    r"\((?:내용|작성|작성\s*필요)\)",
    r"여기에\s*(?:\S+\s*)?(?:쓰|적|작성|입력)(?:으|하)?(?:세요|십시오|시오)",
    r"(?:내용|설명)을\s*(?:입력|작성)하(?:세요|십시오)",
)
_PLACEHOLDER = re.compile("|".join(_PLACEHOLDERS), re.IGNORECASE | re.MULTILINE)
_SHOUTED = re.compile(r"tbd|todo|xxx", re.IGNORECASE)
_TO_FILL = re.compile(r"[〈⟨]([^〈〉⟨⟩\n]{1,200})[〉⟩](\s*[,(]?\s*\d{4})?")
_QUOTES = "\"'“”‘’「」『』`"
_DITTO = re.compile(r"[〃\"″]|''|상동|위와\s*(?:같음|동일)")
_IDENTIFIER = re.compile(
    r"(?<![A-Za-z])[A-Za-z]+[-_]?\d[\d.]*|(?<!\d)\d+(\.\d+)?\s*(번째\s*)?(퍼센타일|백분위|분위|(th\s*)?percentile)"
)
_COUNTED = re.compile(
    r"(?:^|\s)(한|두|세|네|다섯|여섯|일곱|여덟|아홉|열)\s?(번|건|개|대|명|곳|시간|주|달|가지|사람|행|회|단계|배)"
)
_UNIT_WORDS_THAT_ARE_NONE = (
    "이상",
    "이하",
    "미만",
    "초과",
    "이내",
    "까지",
    "보다",
    "에서",
    "부터",
    "정도",
    "내외",
    "또는",
)
_HONORIFIC = re.compile(r"(?<=[가-힣]{2})\s*(님|씨)$")


@lru_cache(maxsize=8192)  # every check reads the same cells
def plain(text: str) -> str:
    """Give a cell as one line: full-width digits narrow, bold and backticks off."""
    text = unicodedata.normalize("NFKC", text.replace("½", "0.5").replace("〈", "⟨").replace("〉", "⟩"))
    text = re.sub(r"[\u200b-\u200d\ufeff\u00ad]", "", text)
    return " ".join(re.sub(r"[*`]+|(?<![0-9A-Za-z])__|__(?![0-9A-Za-z])", "", text).split())


@lru_cache(maxsize=8192)
def placeholder(text: str) -> str | None:
    """Find what was to be replaced and is still there; what is quoted is talked about, not left."""
    text = plain(text)
    for match in _PLACEHOLDER.finditer(text):
        told = match.group().strip(" ([:.")
        if _SHOUTED.fullmatch(told) and not told.isupper():
            continue
        before, after = text[match.start() - 1 : match.start()], text[match.end() : match.end() + 1]
        if not (before and after and before in _QUOTES and after in _QUOTES):
            return match.group().strip(" [:.")
    for match in _TO_FILL.finditer(text):
        # 〈...〉 also holds titles of works: a year behind it, or some English words in it, tell one
        latin = len(re.findall(r"[A-Za-z]{2,}", match.group(1))) >= 3 and not re.search(r"[가-힣]", match.group(1))
        if not (match.group(2) or latin):
            return f"〈{match.group(1)}〉"
    return None


def given(text: str) -> bool:
    """Whether a cell says something: neither blank, a dash, "해당 없음" without a reason nor a placeholder."""
    text = plain(text)
    return not _NOTHING.fullmatch(text) and placeholder(text) is None


def ditto(text: str) -> bool:
    """Whether a cell says "as above"."""
    return bool(_DITTO.fullmatch(plain(text)))


def measures(text: str) -> str:
    """A cell without the digits that only name something, such as p99 and M1."""
    return _IDENTIFIER.sub(" ", plain(text))


def has_number(text: str) -> bool:
    """Whether there is a number that measures something: the 99 of p99 and the 1 of M1 do not."""
    text = measures(text)
    return bool(re.search(r"\d", text) or _COUNTED.search(text))


def numbers(text: str) -> list[float]:
    """The numbers of a cell, thousands separators off."""
    text = measures(text)
    return [
        float(one.replace(",", "")) for one in re.findall(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+", text)
    ]


def has_unit(text: str) -> bool:
    """Whether a unit stands at a number: 100ms, 99.9 %, ₩3,000, 두 번."""
    text = measures(text)
    if re.search(r"[₩$€¥]\s*\d", text) or _COUNTED.search(text):
        return True
    words = re.findall(r"\d\s*\(?\s*(%|‰|°|[A-Za-zμ]+|[가-힣]+)", text)
    return any(not word.startswith(_UNIT_WORDS_THAT_ARE_NONE) for word in words)


def normal_id(text: str) -> str:
    """Give an id its normal form: R-1, r01 and R 1 are R1; what is no id stays as it is."""
    text = plain(text)
    match = re.fullmatch(r"([A-Za-z가-힣]{0,8})[\s\-_.#]*0*(\d{1,4})[.)]?", text)
    return f"{match.group(1).upper()}{match.group(2)}" if match else text


def is_id(text: str) -> bool:
    """Whether a cell holds an id: letters and a number, or a number alone."""
    return bool(re.fullmatch(r"[A-Za-z가-힣]{0,8}\d{1,4}", normal_id(text)))


def ids_in(text: str, prefixes: Collection[str]) -> list[str]:
    """The ids with these prefixes, in order; "M1~M3" and "M1, 2" are written out."""
    letters = "|".join(sorted(map(re.escape, prefixes), key=len, reverse=True))
    one = re.compile(rf"(?<![A-Za-z0-9])({letters})[ \-_#]?0*(\d{{1,3}})(?![0-9A-Za-z]|\.[0-9A-Za-z])", re.IGNORECASE)
    found: list[str] = []
    text = plain(text)
    for match in one.finditer(text):
        prefix, number = match.group(1).upper(), int(match.group(2))
        found.append(f"{prefix}{number}")
        rest = text[match.end() :]
        until = re.match(rf"\s*(?:[~–—]|-(?=(?:{letters})))\s*(?:{letters})?[-_]?0*(\d{{1,3}})(?![\w.%])", rest, re.I)
        if until and number < int(until.group(1)) <= number + 50:
            found += [f"{prefix}{n}" for n in range(number + 1, int(until.group(1)) + 1)]
            continue
        while more := re.match(r"\s*[,·/]\s*(\d{1,3})(?![\w.%])", rest):
            found.append(f"{prefix}{int(more.group(1))}")
            rest = rest[more.end() :]
    return list(dict.fromkeys(found))


def names_in(text: str) -> Iterator[str]:
    """The names in a cell: roles in parentheses, @ and 님 off."""
    text = re.sub(rf"{NOTE.pattern}|\[[^\[\]]*\]", " , ", plain(text))
    for part in re.split(r"[,、;/·&+|\n]|\s및\s|(?<=[가-힣]{2}[과와])\s|\s외(?:\s|$)|->|→", text):
        name = part.split(":")[-1].strip().strip("@_ ").strip()
        name = _HONORIFIC.sub("", re.sub(r"(?<=[가-힣]{2})[과와]$", "", name))
        if name:
            yield name


def particle(text: str, closed: str, open_: str) -> str:
    """The Korean particle that fits the last letter or digit: R1은, R2는."""
    last = plain(text).rstrip(" '\").%")[-1:] or " "
    if "가" <= last <= "힣":
        return closed if (ord(last) - ord("가")) % 28 else open_
    return closed if last in "013678LMNRlmnr" else open_
