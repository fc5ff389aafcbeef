"""Beds left in Korean emergency rooms as the national feed sends them, and the same form from the simulator."""

from __future__ import annotations

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

from coursekit.cases.er_beds.bed_log import BedLog
from coursekit.short_repr import ShortRepr

KEY_VARIABLE = "NEMC_SERVICE_KEY"
"""Environment variable that holds the service key, unless another is named."""
OPERATION = "http://apis.data.go.kr/B552657/ErmctInfoInqireService/getEmrrmRltmUsefulSckbdInfoInqire"
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
_TIME = re.compile(r"\d{14}")
_PAGES = 50


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

    @property
    def beds_left(self) -> np.ndarray:
        """Available emergency beds as sent: negative for patients who wait beyond capacity, NaN if absent."""
        return self.counts["beds_left"]

    @property
    def ambiguous(self) -> np.ndarray:
        """Where -1 was sent: nobody entered a number, or one patient waits beyond capacity."""
        return self.beds_left == -1

    @property
    def over_capacity(self) -> np.ndarray:
        """Patients beyond capacity where at least two wait, 0 elsewhere."""
        return np.where(self.beds_left <= -2, -self.beds_left, 0.0)

    def age_minutes(self, now: Any) -> np.ndarray:
        """Minutes since the numbers were entered, NaN where that is not known.

        Parameters
        ----------
        now
            Moment in Korean time.
        """
        age = (np.datetime64(now).astype("datetime64[s]") - self.entered) / np.timedelta64(60, "s")
        return np.where(np.isnat(self.entered), np.nan, age)

    def saturation(self, *, negative: str = "keep") -> float:
        """Share of baseline beds that are taken, over all hospitals that sent both numbers.

        A number below zero looks like a mistake and is often cleaned away. It belongs to the fullest
        hospitals: without them the city looks half empty.

        Parameters
        ----------
        negative
            ``"keep"`` counts waiting patients, ``"zero"`` reads a negative number as full, ``"drop"``
            leaves the hospital out. A -1 may mean that nobody entered a number; it is treated alike.

        Raises
        ------
        ValueError
            If the treatment is unknown, or no hospital is left.
        """
        if negative not in NEGATIVES:
            raise ValueError(f"saturation: negative must be one of {', '.join(NEGATIVES)}, got {negative!r}")
        left, beds = self.beds_left, self.counts["beds"]
        use = np.isfinite(left) & np.isfinite(beds) & (beds > 0)
        if negative == "drop":
            use &= left >= 0
        if not use.any():
            raise ValueError("saturation: no hospital sent both beds left (hvec) and baseline beds (hvs01)")
        free = np.maximum(left[use], 0) if negative == "zero" else left[use]
        return float(1 - free.sum() / beds[use].sum())

    def to_frame(self) -> pd.DataFrame:
        """One row per hospital."""
        columns = {"hospital_id": self.hospital_id, "name": self.name, "entered": self.entered}
        return pd.DataFrame(columns | self.counts | self.flags | {"ambiguous": self.ambiguous})

    def plot(self) -> go.Figure:
        """Beds left by hospital; below zero, patients wait beyond capacity."""
        order = np.argsort(np.nan_to_num(self.beds_left))
        figure = go.Figure(layout={"title": "병원이 보고한 남은 병상 (hvec)", "height": 380})
        kinds = (
            ("0 이상", self.beds_left >= 0),
            ("-1 (입력 없음 또는 한 명 초과)", self.ambiguous),
            ("정원 초과", self.beds_left <= -2),
        )
        for name, mask in kinds:
            rows = order[mask[order]]
            figure.add_bar(x=self.name[rows], y=self.beds_left[rows], name=name)
        figure.update_yaxes(title="남은 병상 수")
        figure.update_xaxes(categoryorder="array", categoryarray=list(self.name[order]))
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
    items, _ = _items(text)
    return _feed(items)


def fetch_feed(
    region: str,
    *,
    district: str | None = None,
    rows: int = 100,
    timeout: float = 10,
    key_variable: str = KEY_VARIABLE,
    opener: Callable[..., Any] = urllib.request.urlopen,
    address: str = OPERATION,
) -> BedFeed:
    """Ask the live feed for the emergency rooms of a region.

    The key is read from the environment at the moment of the call, and appears in no result and no message.

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
        Environment variable that holds the decoded service key.
    opener
        Called with a URL and ``timeout``; gives an open file.
    address
        Address of the operation.

    Raises
    ------
    FeedError
        If there is no key, the service cannot be reached, or its answer cannot be read.

    Examples
    --------
    >>> fetch_feed("서울특별시", key_variable="A_VARIABLE_THAT_IS_NOT_SET")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    coursekit.cases.er_beds.nemc_feed.FeedError: no service key: set the environment variable ...
    """
    key = os.environ.get(key_variable, "").strip()
    if not key:
        raise FeedError(
            f"no service key: set the environment variable {key_variable} to the decoded key that data.go.kr gives "
            "you for the service 'ErmctInfoInqireService' (free, after signing up)"
        )
    found: list[Element] = []
    for page in range(1, _PAGES + 1):
        asked = {"serviceKey": key, "STAGE1": region, "pageNo": page, "numOfRows": rows}
        if district is not None:
            asked["STAGE2"] = district
        try:
            with opener(f"{address}?{urllib.parse.urlencode(asked)}", timeout=timeout) as answer:
                text = answer.read()
        except (urllib.error.URLError, OSError) as error:
            reason = getattr(error, "reason", None) or error
            told = str(reason).replace(key, "***").replace(urllib.parse.quote_plus(key), "***")
            # the cause would show the address, and with it the key
            raise FeedError(
                f"the feed cannot be reached ({told}): check the network, or read a stored answer with read_feed"
            ) from None
        items, total = _items(text)
        found += items
        if not items or total is None or len(found) >= total:
            break
    return _feed(found)


def write_feed(log: BedLog, time: Any) -> str:
    """What the hospitals of a simulated city have last reported, in the form of the feed.

    So that code written for the feed can be tried on any evening, with the truth known.

    Parameters
    ----------
    log
        The log.
    time
        Moment within the log.

    Raises
    ------
    ValueError
        If the time lies outside of the log.

    Examples
    --------
    >>> from coursekit.cases.er_beds import city, simulate
    >>> log = simulate(city(3), days=2, seed=1)
    >>> len(read_feed(write_feed(log, "2019-03-01T18:00")).name)
    3
    """
    seen = log.reported(time)
    now = log.minutes(time)[0]
    entered = log.timestamps(now - seen.age_minutes[0])
    root = Element("response")
    header, body = SubElement(root, "header"), SubElement(root, "body")
    SubElement(header, "resultCode").text = "00"
    SubElement(header, "resultMsg").text = "NORMAL SERVICE."
    items = SubElement(body, "items")
    for h, hospital in enumerate(log.city.hospitals):
        item = SubElement(items, "item")
        fields = {"hpid": f"A{h + 1:07d}", "dutyName": hospital.name, "hvs01": str(hospital.beds)}
        if np.isfinite(seen.value[0, h]):
            stamp = "".join(re.findall(r"\d+", str(entered[h])))
            fields |= {"hvidate": stamp, "hvec": str(int(seen.value[0, h]))}
        for tag, value in fields.items():
            SubElement(item, tag).text = value
    for tag, number in (("numOfRows", len(items)), ("pageNo", 1), ("totalCount", len(items))):
        SubElement(body, tag).text = str(number)
    return tostring(root, encoding="unicode")


def _items(text: str | bytes) -> tuple[list[Element], int | None]:
    """The hospitals of a page, and how many there are on all pages."""
    try:
        root = fromstring(text)
    except DefusedXmlException as error:
        raise FeedError("the answer declares entities or a document type, which the feed never does") from error
    except (ParseError, ValueError, TypeError) as error:
        raise FeedError(f"the answer is no XML ({error}): look at the first lines of what was received") from error
    if root.tag == "OpenAPI_ServiceResponse":
        said = [f"{node.tag} {(node.text or '').strip()}" for node in root.iter() if not len(node)]
        raise FeedError(
            f"the portal refused the request ({', '.join(said)}): check that the key is the decoded one, that the "
            "service is approved for it, and how many requests are left today"
        )
    if root.tag != "response":
        raise FeedError(f"the answer begins with <{root.tag}>, expected <response>: is it another operation's?")
    code = (root.findtext("header/resultCode") or "").strip()
    if code not in ("00", "0"):
        told = (root.findtext("header/resultMsg") or "no message").strip()
        raise FeedError(f"the feed answers with resultCode {code!r} ({told}): see the portal's table of codes")
    total = (root.findtext("body/totalCount") or "").strip()
    return root.findall("body/items/item"), int(total) if total.isdecimal() else None


def _feed(items: list[Element]) -> BedFeed:
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
            raise FeedError(f"hospital {hospital} comes twice: ask page by page, and keep one answer")
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
    )


def _number(hospital: str, tag: str, text: str) -> float:
    if not text:
        return float("nan")
    if not re.fullmatch(r"-?\d{1,6}", text, re.ASCII):
        raise FeedError(f"hospital {hospital}: {tag} is no whole number of beds, got {text[:40]!r}")
    return float(text)


def _flag(hospital: str, tag: str, text: str) -> bool | None:
    if text.upper() not in ("", "Y", "N", "N1"):
        raise FeedError(f"hospital {hospital}: {tag} must be Y or N, got {text[:40]!r}")
    return None if not text else text.upper() == "Y"


def _moment(hospital: str, text: str) -> np.datetime64:
    if not text:
        return np.datetime64("NaT", "s")
    if _TIME.fullmatch(text):
        try:
            return np.datetime64(f"{text[:4]}-{text[4:6]}-{text[6:8]}T{text[8:10]}:{text[10:12]}:{text[12:]}")
        except ValueError:
            pass
    raise FeedError(f"hospital {hospital}: hvidate must be YYYYMMDDhhmmss, got {text[:40]!r}")
