"""Zips from strangers: names become readable, harm is refused."""

from __future__ import annotations

import io
import unicodedata
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.classroom.archives import ArchiveError, members, readable_name

# What a Korean Windows can write in a file's name.
CP949_NAMES = st.text(
    alphabet=st.characters(min_codepoint=0xAC00, max_codepoint=0xD7A3, codec="cp949"), min_size=1, max_size=8
)


def archive(files, **options):
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files.items():
            target.writestr(name, content)
    raw.seek(0)
    return raw


def without_flag(name: str, encoding: str) -> zipfile.ZipInfo:
    """A member as Python reads it when the writer did not say that its name is UTF-8."""
    return zipfile.ZipInfo(name.encode(encoding).decode("cp437"))


@given(CP949_NAMES)
def test_names_that_windows_wrote_in_cp949(name):
    try:
        name.encode("cp949").decode("utf-8")
    except UnicodeDecodeError:
        assert readable_name(without_flag(f"{name}.ipynb", "cp949")) == f"{name}.ipynb"


@given(CP949_NAMES)
def test_names_in_utf8_said_or_not(name):
    for form in ("NFC", "NFD"):
        spelt = unicodedata.normalize(form, name)
        assert readable_name(without_flag(spelt, "utf-8")) == name
        said = zipfile.ZipInfo(spelt)
        said.flag_bits |= 0x800
        assert readable_name(said) == name


def test_files_come_with_time_and_without_junk():
    files = {"홍길동/lab.ipynb": "{}", "__MACOSX/홍길동/._lab.ipynb": "x", "홍길동/.DS_Store": "x"}
    (only,) = members(archive(files))
    assert only.path == "홍길동/lab.ipynb"
    assert only.content == b"{}"


@pytest.mark.parametrize("name", ["../evil.ipynb", "/etc/passwd", "a/../../b.ipynb", "C:/x.ipynb", "..\\evil.ipynb"])
def test_a_path_that_leads_out_is_refused(name):
    with pytest.raises(ArchiveError, match="leads out"):
        list(members(archive({name: "x"})))


def test_a_symbolic_link_is_refused():
    link = zipfile.ZipInfo("data.csv")
    link.external_attr = 0o120777 << 16
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as target:
        target.writestr(link, "/etc/passwd")
    with pytest.raises(ArchiveError, match="symbolic link"):
        list(members(raw))


def test_a_bomb_is_refused_before_it_is_read():
    bomb = archive({"lab.ipynb": b"\0" * 30_000_000})
    assert len(bomb.getvalue()) < 100_000
    with pytest.raises(ArchiveError, match="bomb"):
        next(members(bomb))


def test_a_large_but_honest_notebook_is_read():
    noise = bytes(range(256)) * 4000
    ((member),) = members(archive({"lab.ipynb": noise}))
    assert member.content == noise


def test_what_is_no_zip_or_is_cut_off(tmp_path):
    with pytest.raises(ArchiveError, match="no zip"):
        list(members(io.BytesIO(b"%PDF-1.7")))
    whole = archive({"lab.ipynb": bytes(range(256)) * 100}).getvalue()
    damaged = whole.replace(whole[60:80], b"\0" * 20, 1)
    with pytest.raises(ArchiveError):
        list(members(io.BytesIO(damaged)))
