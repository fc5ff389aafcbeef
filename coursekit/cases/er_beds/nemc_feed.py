"""Beds left in Korean emergency rooms as the national feed sends them, and the same form from the simulator."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from coursekit._number_checks import check_number, check_whole
from coursekit.cases.er_beds.bed_log import BedLog
from coursekit.short_repr import ShortRepr

KEY_VARIABLE = "NEMC_SERVICE_KEY"
"""Environment variable that holds the service key, unless another is named."""
OPERATION = "https://apis.data.go.kr/B552657/ErmctInfoInqireService/getEmrrmRltmUsefulSckbdInfoInqire"
"""Address of the operation."""
COUNTS = {
    "beds_left": "hvec",
    "beds": "hvs01",
    "paediatric": "hv28",
    "isolation_negative_pressure": "hv29",
    "isolation": "hv30",
    "operating_rooms": "hvoc",
    "icu": "hvicc",
    "ward": "hvgc",
}
"""Our names of the numbers in the feed; all may be absent, and those of free beds may be negative."""
FLAGS = {"ct": "hvctayn", "mri": "hvmriayn"}
"""Our names of the Y/N fields."""
NEGATIVES = ("keep", "zero", "drop")
"""What ``saturation`` may do with numbers below zero."""
_TIME = re.compile(r"\d{14}", re.ASCII)
_PAGES = 50
_MOST_BYTES = 20_000_000
_ADVICE = {
    "03": "nothing was found; check the names of region and district as the feed writes them",
    "12": "the operation has moved; look up its address on data.go.kr",
    "20": "apply for the service on data.go.kr and wait until the use is approved",
    "22": "the requests of today are used up; wait until tomorrow, and keep answers instead of asking again",
    "23": "too many requests in one second; ask again after a pause",
    "30": "check that the key is the decoded one, and wait an hour or two after it was issued",
    "31": "the period of use has ended; extend it on data.go.kr",
    "32": "register this computer's address for the key on data.go.kr",
}
_OTHERWISE = "check that the key is the decoded one, that the service is approved for it, and try again later"
_MEND = "correct it, or empty the field if the value is unknown"
_STATUS = {401: "30", 403: "20", 404: "12", 429: "22"}


class FeedError(ValueError):
    """The answer of the feed cannot be used; the message says where it breaks and what to do."""


@dataclass(frozen=True, eq=False, repr=False)
class BedFeed(ShortRepr):
    """One answer of the feed: an emergency room per row, numbers as they were sent."""

    hospital_id: np.ndarray
    """``hpid``, strings, shape (hospitals,)."""
    name: np.ndarray
    """``dutyName``; the identifier where it is missing."""
    entered: np.ndarray
    """``hvidate``: when somebody entered the numbers, datetime64[s] in Korean time, NaT if absent."""
    counts: dict[str, np.ndarray]
    """Numbers by the names of `COUNTS`, float, NaN where absent; negative beyond capacity."""
    flags: dict[str, np.ndarray]
    """True, False or None by the names of `FLAGS`, objects."""
    total: int | None = None
    """``totalCount``: hospitals on all pages, None if absent; more than there are rows here if pages are missing."""

    @property
    def beds_left(self) -> np.ndarray:
        """Available emergency beds as sent: negative for patients who wait beyond capacity, NaN if absent."""
        return self.counts["beds_left"]

    @property
    def baseline(self) -> np.ndarray:
        """Beds the emergency room has by itself (``hvs01``), NaN if absent."""
        return self.counts["beds"]

    @property
    def ambiguous(self) -> np.ndarray:
        """Where -1 was sent: nobody entered a number, or one patient waits beyond capacity."""
        return self.beds_left == -1

    @property
    def over_capacity(self) -> np.ndarray:
        """Patients beyond capacity where at least two wait, 0 elsewhere, NaN where no number was sent."""
        waiting = np.where(self.beds_left <= -2, -self.beds_left, 0.0)
        return np.where(np.isnan(self.beds_left), np.nan, waiting)

    def age_minutes(self, now: Any) -> np.ndarray:
        """Minutes since the numbers were entered, NaN where that is not known.

        Parameters
        ----------
        now
            One moment; Korean time unless it names its time zone.

        Raises
        ------
        ValueError
            If it is no moment.
        """
        age = (_korean("age_minutes: now", now) - self.entered).astype(np.int64) / 60
        return np.where(np.isnat(self.entered), np.nan, age)

    def saturation(self, *, negative: str = "keep", ambiguous: str | None = None) -> float:
        """Share of baseline beds that are taken, over the hospitals that have beds and sent both numbers.

        A number below zero looks like a mistake and is often cleaned away. It belongs to the fullest
        hospitals: without them the city looks half empty.

        Parameters
        ----------
        negative
            ``"keep"`` counts waiting patients, ``"zero"`` reads a negative number as full, ``"drop"``
            leaves the hospital out.
        ambiguous
            The same for -1, which may mean that nobody entered a number; None treats it like the others.

        Raises
        ------
        ValueError
            If a treatment is unknown, or no hospital is left.
        """
        of_one = negative if ambiguous is None else ambiguous
        for name, value in (("negative", negative), ("ambiguous", of_one)):
            if value not in NEGATIVES:
                raise ValueError(f"saturation: {name} must be one of {', '.join(NEGATIVES)}, got {value!r}")
        left, beds = self.beds_left, self.baseline
        use = np.isfinite(left) & np.isfinite(beds) & (beds > 0)
        if not use.any():
            raise ValueError("saturation: no hospital sent both beds left (hvec) and baseline beds (hvs01)")
        for treatment, rows in ((negative, left <= -2), (of_one, self.ambiguous)):
            if treatment == "drop":
                use &= ~rows
            elif treatment == "zero":
                left = np.where(rows, 0.0, left)
        if not use.any():
            raise ValueError("saturation: no hospital is left once those below zero are dropped; keep them")
        return float(1 - left[use].sum() / beds[use].sum())

    def to_frame(self) -> pd.DataFrame:
        """One row per hospital; numbers are whole ones or <NA>, flags are True, False or <NA>."""
        columns: dict[str, Any] = {"hospital_id": self.hospital_id, "name": self.name, "entered": self.entered}
        numbers = self.counts | {"over_capacity": self.over_capacity}
        columns |= {name: pd.array(values, dtype="Int64") for name, values in numbers.items()}
        columns |= {name: pd.array(values, dtype="boolean") for name, values in self.flags.items()}
        return pd.DataFrame(columns | {"ambiguous": self.ambiguous})

    def plot(self) -> go.Figure:
        """Beds left by hospital; below zero, patients wait beyond capacity."""
        left, order = self.beds_left, np.argsort(self.beds_left, kind="stable")
        title = "병원이 보고한 남은 병상 (hvec)"
        figure = go.Figure(layout={"title": title, "height": 380, "barmode": "relative"})
        twice = pd.Series(self.name).duplicated(keep=False).to_numpy()
        shown = np.where(twice, self.name + " (" + self.hospital_id + ")", self.name)
        kinds = {"0 이상": left >= 0, "-1 (입력 없음 또는 한 명 초과)": self.ambiguous, "정원 초과": left <= -2}
        for name, mask in kinds.items():
            rows = order[mask[order]]
            figure.add_bar(x=shown[rows], y=left[rows], name=name)
        silent = order[np.isnan(left[order])]
        if silent.size:
            marker = {"mode": "markers", "marker_symbol": "x"}
            figure.add_scatter(x=shown[silent], y=np.zeros(silent.size), name="보고 없음", **marker)
        figure.update_yaxes(title="남은 병상 수")
        figure.update_xaxes(categoryorder="array", categoryarray=list(shown[order]))
        return figure


def read_feed(text: str | bytes) -> BedFeed:
    """Read an answer of the feed's operation for available emergency beds.

    The feed is XML typed in by people: numbers go below zero, fields are absent, and errors come with
    another root and status 200. Each of these is either a value with a meaning or a clear error here, and
    no entity is ever expanded.

    Parameters
    ----------
    text
        The XML.

    Raises
    ------
    FeedError
        If it is no XML of this operation, reports an error, holds no hospital or one twice, or a field is
        no whole number, no Y/N or no time.

    Examples
    --------
    >>> item = "<item><hpid>A1</hpid><hvec>-3</hvec><hvs01>20</hvs01><hvidate>20260301180500</hvidate></item>"
    >>> head = "<header><resultCode>00</resultCode><resultMsg>NORMAL SERVICE.</resultMsg></header>"
    >>> feed = read_feed(f"<response>{head}<body><items>{item}</items></body></response>")
    >>> feed.beds_left, feed.over_capacity
    (array([-3.]), array([3.]))

    References
    ----------
    National Emergency Medical Center, open API of the Korean public data portal (data.go.kr, 15000563).
    """
    return _feed(*_items(text))


def fetch_feed(
    region: str,
    *,
    district: str | None = None,
    rows: int = 100,
    timeout: float = 10,
    key_variable: str = KEY_VARIABLE,
    opener: Callable[..., Any] | None = None,
    address: str = OPERATION,
) -> BedFeed:
    """Ask the live feed for the emergency rooms of a region.

    The key is read from the environment at the moment of the call, and appears in no result and no message:
    notebooks are shared, and so are their error messages. A page that does not come is an error, since a
    city of which half is missing looks like a smaller city.

    Parameters
    ----------
    region
        Province or city as the feed writes it, such as "서울특별시".
    district
        District, such as "종로구"; None for all.
    rows
        Rows a page.
    timeout
        Seconds to wait for a page.
    key_variable
        Environment variable that holds the service key, decoded or as the portal encodes it.
    opener
        Called with a URL and ``timeout``; gives an open file. None for ``urllib.request.urlopen``.
    address
        Address of the operation.

    Raises
    ------
    FeedError
        If there is no key, the service cannot be reached, or its answer cannot be read or is not complete.
    ValueError
        If region or district is empty, rows no whole number of at least 1, or timeout not above 0.

    Examples
    --------
    >>> fetch_feed("서울특별시", key_variable="A_VARIABLE_THAT_IS_NOT_SET")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    coursekit.cases.er_beds.nemc_feed.FeedError: no service key: set the environment variable ...
    """
    for name, value in (("region", region), ("district", "-" if district is None else district)):
        if not isinstance(value, str) or not value.strip():
            raise ValueError(f"fetch_feed: {name} must be a name such as '서울특별시', got {value!r}")
    check_whole("fetch_feed", "rows", rows, low=1)
    check_number("fetch_feed", "timeout", timeout, above=True)
    given = os.environ.get(key_variable, "").strip()
    if len(given) < 8:  # nor is so short a text one
        raise FeedError(
            f"no service key: set the environment variable {key_variable} to the decoded key that data.go.kr gives "
            "you for the service 'ErmctInfoInqireService' (free, after signing up)"
        )
    key = urllib.parse.unquote(given)  # a decoded key holds no %, so this changes an encoded one only
    key_written = re.compile("".join(map(_any_form, key)), re.IGNORECASE)
    asked = {"serviceKey": key, "STAGE1": region} | ({} if district is None else {"STAGE2": district})
    found: list[Element] = []
    for page in range(1, _PAGES + 1):
        query = urllib.parse.urlencode(asked | {"pageNo": page, "numOfRows": rows})
        items, total = _items(_answer(f"{address}?{query}", timeout, opener or urllib.request.urlopen, key_written))
        found += items
        if len(found) >= (total or 0) and not (total is None and len(items) >= rows):
            return _feed(found, total)
        if not items or total is None:
            break
    of = "an unknown number of" if total is None else total
    raise FeedError(f"only {len(found)} of {of} hospitals came on {page} pages: ask again, with more rows a page")


def write_feed(log: BedLog, time: Any) -> str:
    """What the hospitals of a simulated city have last reported, in the form of the feed.

    So that code written for the feed can be tried on any evening, with the truth known.

    Parameters
    ----------
    log
        The log.
    time
        One moment within the log.

    Raises
    ------
    ValueError
        If it is no moment, or lies outside of the log.

    Examples
    --------
    >>> from coursekit.cases.er_beds import city, simulate
    >>> log = simulate(city(3), days=2, seed=1)
    >>> len(read_feed(write_feed(log, "2019-03-01T18:00")).name)
    3
    """
    now = _korean("write_feed: time", time)
    seen = log.reported(np.array([now]))
    root = Element("response")
    header, body = SubElement(root, "header"), SubElement(root, "body")
    SubElement(header, "resultCode").text = "00"
    SubElement(header, "resultMsg").text = "NORMAL SERVICE."
    items = SubElement(body, "items")
    for h, hospital in enumerate(log.city.hospitals):
        item = SubElement(items, "item")
        fields = {"hpid": f"A{h + 1:07d}", "dutyName": hospital.name, "hvs01": str(hospital.beds)}
        if np.isfinite(seen.value[0, h]):
            entered = now - np.timedelta64(round(60 * float(seen.age_minutes[0, h])), "s")
            fields |= {"hvidate": re.sub(r"\D", "", str(entered)), "hvec": str(int(seen.value[0, h]))}
        for tag, value in fields.items():
            SubElement(item, tag).text = value
    for tag, number in (("numOfRows", len(items)), ("pageNo", 1), ("totalCount", len(items))):
        SubElement(body, tag).text = str(number)
    return '<?xml version="1.0" encoding="UTF-8"?>' + tostring(root, encoding="unicode")


def _korean(where: str, moment: Any) -> np.datetime64:
    """A moment in Korean time without its zone, as the feed writes it."""
    try:
        if isinstance(moment, int | float | np.number):
            raise TypeError("a number names no moment")
        stamp = pd.Timestamp(moment)
    except (ValueError, TypeError):
        stamp = pd.NaT
    if pd.isna(stamp):
        raise ValueError(f"{where} must be one moment such as '2026-03-01T18:20', got {moment!r}")
    local = stamp if stamp.tzinfo is None else stamp.tz_convert("Asia/Seoul").tz_localize(None)
    return local.to_datetime64().astype("datetime64[s]")


def _any_form(character: str) -> str:
    """Pattern for a character of the key as it is, or as an address or a page writes it."""
    code = ord(character)
    return rf"(?:{re.escape(character)}|%(?:25)*{code:02x}|&#0*{code};|&#x0*{code:x};)"


def _answer(url: str, timeout: float, opener: Callable[..., Any], key_written: re.Pattern[str]) -> str:
    """What the service sends, without the key wherever it repeats it."""
    try:
        with opener(url, timeout=timeout) as answer:
            text = answer.read(_MOST_BYTES)  # XML that breaks off there is refused by the reader
        return key_written.sub("***", text.decode("utf-8", errors="replace"))
    except urllib.error.HTTPError as error:
        advice = _ADVICE[_STATUS[error.code]] if error.code in _STATUS else _OTHERWISE
        failed = f"the portal refused the request (status {error.code} {error.reason}): {advice}"
        if error.fp is not None:
            error.close()
    except (OSError, http.client.HTTPException, ValueError) as error:  # the last two: addresses that are none
        reason = getattr(error, "reason", None) or error
        failed = f"the feed cannot be reached ({reason}): check the network, or read a stored answer with read_feed"
    # raised out here: the errors above hold the address, and with it the key
    raise FeedError(key_written.sub("***", failed)) from None


def _items(text: str | bytes) -> tuple[list[Element], int | None]:
    """The hospitals of a page, and how many there are on all pages."""
    try:
        root = fromstring(text, forbid_dtd=True)
    except DefusedXmlException as error:
        raise FeedError("the answer declares entities or a document type, which the feed never does") from error
    except (ParseError, ValueError, TypeError, LookupError) as error:
        begin = text[:60] if isinstance(text, str | bytes) else text
        raise FeedError(f"the answer is no XML ({error}): it begins with {begin!r}") from error
    if root.tag == "OpenAPI_ServiceResponse":
        said = [f"{node.tag} {(node.text or '').strip()}" for node in root.iter() if not len(node)]
        code = (root.findtext("cmmMsgHeader/returnReasonCode") or "").strip()
        raise FeedError(f"the portal refused the request ({', '.join(said)}): {_ADVICE.get(code.zfill(2), _OTHERWISE)}")
    if root.tag != "response":
        raise FeedError(f"the answer begins with <{root.tag}>, expected <response>: is it another operation's?")
    code = (root.findtext("header/resultCode") or "").strip()
    if code not in ("00", "0"):
        told = (root.findtext("header/resultMsg") or "no message").strip()
        raise FeedError(f"the feed answers with resultCode {code!r} ({told}): {_ADVICE.get(code.zfill(2), _OTHERWISE)}")
    total = (root.findtext("body/totalCount") or "").strip()
    if total and not re.fullmatch(r"\d{1,9}", total, re.ASCII):
        raise FeedError(f"totalCount is no whole number, got {total[:40]!r}: ask again")
    return root.findall("body/items/item"), int(total) if total else None


def _feed(items: list[Element], total: int | None) -> BedFeed:
    if not items:
        raise FeedError("the answer holds no hospital: check the names of region and district as the feed writes them")
    ids, names, entered = [], [], []
    counts: dict[str, list[float]] = {name: [] for name in COUNTS}
    flags: dict[str, list[bool | None]] = {name: [] for name in FLAGS}
    for place, item in enumerate(items, start=1):
        fields = {child.tag: (child.text or "").strip() for child in item}
        hospital = fields.get("hpid", "")
        if not hospital:
            raise FeedError(f"item {place} has no hpid, so nobody can tell which hospital it is")
        if hospital in ids:
            raise FeedError(f"hospital {hospital} comes twice, perhaps as pages moved: ask again, keep one answer")
        ids.append(hospital)
        names.append(fields.get("dutyName") or hospital)
        entered.append(_moment(hospital, fields.get("hvidate", "")))
        for name, tag in COUNTS.items():
            counts[name].append(_number(hospital, tag, fields.get(tag, "")))
        for name, tag in FLAGS.items():
            flags[name].append(_flag(hospital, tag, fields.get(tag, "")))
    return BedFeed(
        np.array(ids, dtype=object),
        np.array(names, dtype=object),
        np.array(entered, dtype="datetime64[s]"),
        {name: np.array(values, dtype=float) for name, values in counts.items()},
        {name: np.array(values, dtype=object) for name, values in flags.items()},
        total,
    )


def _number(hospital: str, tag: str, text: str) -> float:
    if not text:
        return float("nan")
    if not re.fullmatch(r"-?\d{1,6}", text, re.ASCII):
        raise FeedError(f"hospital {hospital}: {tag} is no whole number of beds, got {text[:40]!r}: {_MEND}")
    return float(int(text))


def _flag(hospital: str, tag: str, text: str) -> bool | None:
    if text.upper() not in ("", "Y", "N", "N1"):
        raise FeedError(f"hospital {hospital}: {tag} must be Y or N, got {text[:40]!r}: {_MEND}")
    return None if not text else text.upper() == "Y"


def _moment(hospital: str, text: str) -> np.datetime64:
    if not text:
        return np.datetime64("NaT", "s")
    if _TIME.fullmatch(text):
        with contextlib.suppress(ValueError):
            return np.datetime64(f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[8:10]}:{text[10:12]}:{text[12:]}")
    raise FeedError(f"hospital {hospital}: hvidate must be YYYYMMDDhhmmss, got {text[:40]!r}: {_MEND}")
