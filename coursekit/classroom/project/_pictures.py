"""Whether bytes are a picture that can be shown to its end."""

from __future__ import annotations

import zlib


def picture_fault(content: bytes) -> str | None:
    r"""Say in Korean what is wrong with a picture, or None.

    Half a download and a page of HTML that was saved as .png look like figures in a folder.

    Examples
    --------
    >>> picture_fault(b""), picture_fault(b"<html>")
    ('빈 파일입니다', '그림의 형식(PNG, JPEG, GIF, SVG, WebP)이 아닙니다')
    >>> picture_fault(b"GIF89a" + bytes(7) + b";")
    'GIF의 크기가 0입니다'
    """
    if not content:
        return "빈 파일입니다"
    if content.startswith(b"version https://git-lfs"):
        return "그림이 아니라 Git LFS의 포인터입니다(git lfs pull로 받으세요)"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return _png(content)
    if content.startswith(b"\xff\xd8\xff"):
        return _jpeg(content)
    if content.startswith((b"GIF87a", b"GIF89a")):
        return _gif(content)
    if content.startswith(b"RIFF") and content[8:12] == b"WEBP":
        return None if int.from_bytes(content[4:8], "little") + 8 <= len(content) else "WebP가 중간에서 끊겼습니다"
    if _is_svg(content):
        return _svg(content)
    if content.startswith((b"BM", b"II*\0", b"MM\0*", b"\xd7\xcd\xc6\x9a")) or content[40:44] == b" EMF":
        return None  # Word embeds these; their ends are not looked at
    if content[4:12] in (b"ftypavif", b"ftypheic", b"ftypmif1"):
        return None
    return "그림의 형식(PNG, JPEG, GIF, SVG, WebP)이 아닙니다"


def _png(content: bytes) -> str | None:
    at, data = 8, False
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        kind, body, end = content[at + 4 : at + 8], content[at + 8 : at + 8 + length], at + 12 + length
        if end > len(content):
            break
        if zlib.crc32(kind + body) != int.from_bytes(content[end - 4 : end], "big"):
            return "PNG가 깨졌습니다(검사합이 다릅니다)"
        if at == 8 and (kind != b"IHDR" or 0 in (int.from_bytes(body[:4], "big"), int.from_bytes(body[4:8], "big"))):
            return "PNG의 머리가 깨졌거나 크기가 0입니다"
        data = data or kind == b"IDAT"
        if kind == b"IEND":
            return None if data else "PNG에 화소가 없습니다"
        at = end
    return "PNG가 중간에서 끊겼습니다"


def _jpeg(content: bytes) -> str | None:
    at = 2
    while at + 4 <= len(content):
        if content[at] != 0xFF:
            return "JPEG가 깨졌습니다"
        marker = content[at + 1]
        if marker == 0xFF:
            at += 1
            continue
        if marker == 0xDA:  # pixels until the end marker; what precedes may hold a preview with its own
            return None if b"\xff\xd9" in content[at:] else "JPEG가 중간에서 끊겼습니다"
        at += 2 + int.from_bytes(content[at + 2 : at + 4], "big")
    return "JPEG가 중간에서 끊겼습니다"


def _gif(content: bytes) -> str | None:
    if len(content) < 13:
        return "GIF가 중간에서 끊겼습니다"
    if 0 in (int.from_bytes(content[6:8], "little"), int.from_bytes(content[8:10], "little")):
        return "GIF의 크기가 0입니다"
    at = 13 + _palette(content[10])
    while at < len(content):
        if content[at] == 0x3B:
            return None
        if content[at] == 0x21:
            at += 2
        elif content[at] == 0x2C and at + 10 < len(content):
            at += 11 + _palette(content[at + 9])
        else:
            break
        while at < len(content) and content[at]:  # sub-blocks, each with its length before it
            at += 1 + content[at]
        at += 1
    return "GIF가 중간에서 끊겼습니다"


def _palette(flags: int) -> int:
    return 3 * 2 ** ((flags & 7) + 1) if flags & 0x80 else 0


def _is_svg(content: bytes) -> bool:
    start = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith((b"<?xml", b"<!--", b"<!DOCTYPE svg", b"<svg")) and b"<svg" in content[:65_536]


def _svg(content: bytes) -> str | None:
    from xml.etree import ElementTree

    if b"<!ENTITY" in content:
        return "SVG에 엔티티 선언이 있어 읽지 않았습니다"
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        return f"SVG를 읽을 수 없습니다({error.position[0]}행)"
    if root.tag.rpartition("}")[2] != "svg":
        return "SVG가 아닌 XML입니다"
    return None if len(root) else "SVG에 그려진 것이 없습니다"
