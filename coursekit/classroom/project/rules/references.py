"""Links and figures: there for whoever gets the document, and told in words."""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from coursekit.classroom.project._pictures import picture_fault
from coursekit.classroom.project.documents import Block, Document, DocumentError, Link, read_document
from coursekit.classroom.project.findings import Finding, Rule, found
from coursekit.classroom.project.project_file import PROJECT_FILE, ProjectFile

RULES = (
    Rule(
        "link-broken",
        "링크가 가리키는 것이 없습니다",
        "근거로 든 파일이 없으면 근거가 없는 것과 같습니다. 자기 컴퓨터의 경로는 쓴 사람에게만 열려서 팀 안에서는 "
        "드러나지 않습니다.",
        "[평가 기록](results/eval.csv)처럼 문서가 있는 폴더를 기준으로 적고, 그 파일도 함께 냅니다.",
    ),
    Rule(
        "anchor-broken",
        "문서 안의 링크가 가리키는 제목이 없습니다",
        "제목을 고치면 그 제목으로 가던 링크가 조용히 끊어집니다. 경보에서 런북으로 가는 링크라면 사고가 난 밤에 알게 "
        "됩니다.",
        "제목이 '### 런북 RB1. 지연'이면 링크는 #런북-rb1-지연입니다.",
    ),
    Rule(
        "link-empty",
        "주소나 글자가 없는 링크입니다",
        "나중에 채우려던 자리입니다. 누를 수 없거나, 눌러도 아무 데도 가지 않습니다.",
        "[지난 분기의 장애 보고서](reports/2026-q2.md)처럼 무엇으로 가는지 읽히는 글자와 주소를 함께 씁니다.",
    ),
    Rule(
        "figure-missing",
        "그림 파일이 없습니다",
        "본문이 가리키는 그림이 보이지 않으면 그 주장은 확인할 수 없습니다.",
        "![병원별 오차](figures/error.png)와 함께 figures/error.png를 냅니다.",
    ),
    Rule(
        "figure-unreadable",
        "그림이 깨졌거나 그림이 아닙니다",
        "끊긴 내려받기나 그림이라는 이름의 다른 파일은 목록에서는 멀쩡해 보이고, 열어 보아야 압니다.",
        "PNG, JPEG, GIF, SVG, WebP 가운데 하나이고 끝까지 열리는 파일.",
    ),
    Rule(
        "figure-without-text",
        "그림에 대체 텍스트나 캡션이 없습니다",
        "읽는 사람이 그림에서 무엇을 보아야 하는지 말해 주지 않으면 저마다 다른 것을 봅니다. 화면 낭독기로 읽는 "
        "사람에게는 그림이 "
        "없는 것과 같습니다.",
        "![24시간 앞 예측의 오차는 큰 병원일수록 작다](figures/error.png) 또는 그림 아래에 '그림 3. 병원별 오차'",
        "should",
    ),
)
"""The rules of this module."""

_CAPTION = re.compile(
    r"^\s*[<〈\[(]?\s*((그림|도표|사진|figure|fig\.?)\s*[\dA-Z]|(그림|도표|사진)\s*[:.])", re.IGNORECASE
)
_NO_WORDS = re.compile(
    r"\s*(그림|이미지|사진|도표|스크린\s?샷|캡처|캡쳐|image|img|figure|fig|picture|photo|screenshot|untitled|"
    r"alt|alt text|대체 텍스트)?[\s\d._()-]*(\.(png|jpe?g|gif|svg|webp))?\s*",
    re.IGNORECASE,
)
_WRITTEN = re.compile(r"(!?)\[([^\[\]\n]*)\]\(([^()<>\n]+)\)")
_DRIVE = re.compile(r"^[A-Za-z]:[\\/]|^\\\\")
_LARGEST_FIGURE = 100 * 2**20


def check(document: Document, project: ProjectFile | None) -> Iterator[Finding]:
    r"""Check the links and figures of a document, without leaving the disk.

    A document is read on another machine than it was written on: what it names has to lie beside it. Addresses
    on the web are looked at for their form only, so that a check says the same today and tomorrow.

    Parameters
    ----------
    document
        The document.
    project
        Not needed.

    Yields
    ------
    Finding
        One per link or figure.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp()) / "doc.md"
    >>> _ = path.write_text("# 병상\n\n[기록](log.csv)과 [위](#병상), ![](a.png)\n", encoding="utf-8")
    >>> [finding.rule.id for finding in check(read_document(path), None)]
    ['link-broken', 'figure-missing', 'figure-without-text']
    """
    for section in document.sections:
        for at, block in enumerate(section.blocks):
            yield from _not_read(block)
            for link in block.links:
                if link.is_figure:
                    yield from _figure(document, link, section.blocks, at)
                else:
                    yield from _link(document, link, block)


def _not_read(block: Block) -> Iterator[Finding]:
    """Links that Markdown shows as text: addresses with blanks, and file:."""
    if block.kind not in ("paragraph", "item", "table"):
        return
    rows = zip(block.rows, block.row_places, strict=True)
    texts = [("\t".join(row), place) for row, place in rows] or [(block.text, block.place)]
    for text, place in texts:
        for figure, words, target in _WRITTEN.findall(text):
            target = target.strip()
            if target.lower().startswith("file:"):
                rule, why = "link-broken", _address_fault(target)
            elif re.search(r"\S\s+\S.*\.\w{2,5}$", target):
                rule, why = "link-broken", f"주소의 빈칸 때문에 링크로 읽히지 않습니다. (<{target}>)처럼 감싸세요."
            else:
                continue
            yield found("figure-missing" if figure else rule, place, f"‘{words or target}’: {why}")


def _link(document: Document, link: Link, block: Block) -> Iterator[Finding]:
    target, told = link.target.strip(), f"‘{link.text.strip() or link.target.strip()}’"
    if not target or target == "#":
        yield found("link-empty", link.place, f"{told} 링크에 주소가 없습니다.")
        return
    if not link.text.strip() and not any(one.is_figure for one in block.links):
        yield found("link-empty", link.place, f"{target}로 가는 링크에 글자가 없습니다.")
    if target.startswith("#"):
        if not _has_anchor(document.anchors, target[1:]):
            yield found("anchor-broken", link.place, f"{told}: {target}에 해당하는 제목이 문서에 없습니다.")
        return
    fault = _address_fault(target)
    if fault is None and _is_path(target):
        path, _, anchor = target.partition("#")
        file, fault = _resolve(document.path, path.partition("?")[0], whole=target)
        if file is not None and anchor and file.suffix.lower() in (".md", ".markdown"):
            yield from _other_anchor(file, anchor, link, told)
    if fault is not None:
        yield found("link-broken", link.place, f"{told}: {fault}")


def _other_anchor(file: Path, anchor: str, link: Link, told: str) -> Iterator[Finding]:
    try:
        anchors = read_document(file).anchors
    except DocumentError:
        return
    if not _has_anchor(anchors, anchor):
        yield found("anchor-broken", link.place, f"{told}: {file.name}에 #{anchor}에 해당하는 제목이 없습니다.")


def _has_anchor(anchors: frozenset[str], wanted: str) -> bool:
    wanted = unicodedata.normalize("NFC", unquote(wanted)).removeprefix("user-content-").casefold()
    known = {unicodedata.normalize("NFC", one).casefold() for one in anchors}
    return wanted in known or wanted in ("", "top")


def _is_path(target: str) -> bool:
    return not re.match(r"[A-Za-z][A-Za-z0-9+.-]+:", target) and not target.startswith("//")


def _address_fault(target: str) -> str | None:
    """What is wrong with an address for anybody but its author; None of relative paths and good addresses."""
    if _DRIVE.match(target) or target.lower().startswith("file:"):
        return f"쓴 사람의 컴퓨터에만 있는 경로입니다({target}). 문서가 있는 폴더를 기준으로 적으세요."
    if target.startswith(("/", "~/")) and not target.startswith("//"):
        return f"절대 경로는 다른 컴퓨터에서 열리지 않습니다({target}). 문서가 있는 폴더를 기준으로 적으세요."
    if re.match(r"(https?:)?//|https?:", target, re.IGNORECASE):
        return _web_fault(target)
    if target.lower().startswith("mailto:") and "@" not in target:
        return f"전자우편 주소가 없습니다({target})."
    return None


def _web_fault(target: str) -> str | None:
    try:
        parts = urlsplit(target if ":" in target.split("/")[0] else f"https:{target}")
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return f"주소의 꼴이 아닙니다({target})."
    named = "." in host.strip(".") or host == "localhost" or ":" in host
    if not named or ".." in host or (re.search(r"\s", target.strip()) and not parts.path.strip()):
        return f"서버의 이름이 없거나 잘못되었습니다({target})."
    return None


def _resolve(document: Path, written: str, *, whole: str) -> tuple[Path | None, str | None]:
    """The file that a relative path names, or what is wrong with it in Korean."""
    folder = document.resolve().parent
    root = _root(folder)
    for candidate in dict.fromkeys((written, unquote(written), whole)):  # a name may hold %, # or ?
        file = _walk(folder, candidate)
        if file is None:
            continue
        if not file.is_relative_to(root):
            return None, f"내는 폴더({root.name}) 밖의 파일입니다({written}). 폴더 안으로 옮기세요."
        return file, None
    if "\\" in written and _walk(folder, written.replace("\\", "/")) is not None:
        return None, f"\\는 Windows에서만 경로입니다({written}). /로 바꾸세요."
    near = _walk(folder, unquote(written), same_case=False)
    if near is not None:
        return None, f"파일이 없습니다({written}). 있는 것은 {near.name}이고, 대문자와 소문자는 다른 이름입니다."
    return None, f"파일이 없습니다({written})."


def _root(folder: Path) -> Path:
    """The folder that is handed in: of project.yaml or of the repository, or the document's own."""
    for one in (folder, *folder.parents):
        if (one / PROJECT_FILE).is_file() or (one / ".git").exists():
            return one
    return folder


def _walk(folder: Path, written: str, *, same_case: bool = True) -> Path | None:
    """Follow a path by names as they read: macOS writes 가 as two characters, and others as one."""
    at = folder
    for part in written.split("/"):
        if part in ("", "."):
            continue
        if part == "..":
            at = at.parent
            continue
        wanted = _name(part, same_case)
        try:
            found_name = next((one for one in at.iterdir() if _name(one.name, same_case) == wanted), None)
        except OSError:
            return None
        if found_name is None:
            return None
        at = found_name
    return at.resolve() if at.exists() else None


def _name(text: str, same_case: bool) -> str:
    text = unicodedata.normalize("NFC", text)
    return text if same_case else text.casefold()


def _figure(document: Document, link: Link, blocks: tuple[Block, ...], at: int) -> Iterator[Finding]:
    target = link.target.strip()
    told = f"그림 ‘{link.text.strip() or target[:60] or '이름 없음'}’"
    content, fault = link.content, None
    if content is None and target.lower().startswith("data:"):
        content = _embedded(target)
    elif content is None and not target:
        fault = "주소가 없습니다."
    elif content is None:
        fault = _address_fault(target)
        if fault is None and _is_path(target):
            file, fault = _resolve(document.path, re.split(r"[#?]", target)[0], whole=target)
            if file is not None:
                content, fault = _content(file)
    if fault is not None:
        yield found("figure-missing", link.place, f"{told}: {fault}")
    elif content is not None and (damage := picture_fault(content)) is not None:
        yield found("figure-unreadable", link.place, f"{told}: {damage}.")
    if _NO_WORDS.fullmatch(link.text) and not _captioned(blocks, at):
        what = f"대체 텍스트 ‘{link.text.strip()}’에 내용이 없고" if link.text.strip() else "대체 텍스트도"
        yield found("figure-without-text", link.place, f"{told}: {what} 캡션도 없습니다.")


def _content(file: Path) -> tuple[bytes | None, str | None]:
    if file.is_dir():
        return None, "폴더입니다."
    if file.stat().st_size > _LARGEST_FIGURE:
        return None, "100 MiB보다 큰 그림입니다. 줄여서 넣으세요."
    try:
        return file.read_bytes(), None
    except OSError as error:
        return None, f"읽을 수 없습니다({error.strerror})."


def _embedded(target: str) -> bytes:
    """The bytes of a data: address; none where they cannot be read."""
    head, _, body = target.partition(",")
    try:
        return base64.b64decode(body, validate=False) if head.endswith(";base64") else unquote(body).encode()
    except (binascii.Error, ValueError):
        return b""


def _captioned(blocks: tuple[Block, ...], at: int) -> bool:
    """Whether a caption stands in the figure's own paragraph or next to it."""
    own = [line for line in blocks[at].text.split("\n") if _CAPTION.match(line)]
    beside = [blocks[one].text for one in (at - 1, at + 1) if 0 <= one < len(blocks)]
    captions = [text for text in beside if len(text) < 300 and _CAPTION.match(text)]
    return bool(own or captions)
