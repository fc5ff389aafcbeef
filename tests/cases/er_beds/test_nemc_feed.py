"""The feed as it is sent, as it breaks, and the key that must not be seen. Every answer here was made by hand."""

from __future__ import annotations

import contextlib
import http.client
import io
import threading
import traceback
import urllib.error
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import SimpleNamespace
from urllib.parse import parse_qs, quote, urlparse

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.cases import er_beds
from coursekit.cases.er_beds.nemc_feed import BedFeed, FeedError, fetch_feed, read_feed, write_feed

KEY = "a+secret/key=="


def _item(hpid="A1100001", **fields):
    given = {"hpid": hpid, "dutyName": f"병원 {hpid}", "hvec": "5", "hvs01": "20", "hvidate": "20260301180500"} | fields
    return (
        "<item>" + "".join(f"<{tag}>{value}</{tag}>" for tag, value in given.items() if value is not None) + "</item>"
    )


def _answer(*items, total=None, code="00"):
    head = f"<header><resultCode>{code}</resultCode><resultMsg>NORMAL SERVICE.</resultMsg></header>"
    body = f"<items>{''.join(items)}</items><numOfRows>10</numOfRows><pageNo>1</pageNo>"
    count = len(items) if total is None else total
    return f"<response>{head}<body>{body}<totalCount>{count}</totalCount></body></response>"


def test_each_field_has_its_place():
    feed = read_feed(
        _answer(_item(hv28="2", hv29="-1", hvicc="3", hvgc="40", hvoc="1", hvctayn="Y", hvmriayn="N")).encode()
    )
    assert feed.name[0] == "병원 A1100001" and feed.entered[0] == np.datetime64("2026-03-01T18:05:00")
    got = {name: values[0] for name, values in feed.counts.items()}
    assert got["beds_left"] == 5 and got["beds"] == 20 and got["paediatric"] == 2 and got["ward"] == 40
    assert got["isolation_negative_pressure"] == -1 and np.isnan(got["isolation"])
    assert feed.flags["ct"][0] is True and feed.flags["mri"][0] is False
    assert feed.age_minutes("2026-03-01T18:20")[0] == 15
    assert feed.to_frame().shape[0] == 1


def test_what_was_not_sent_is_unknown():
    feed = read_feed(_answer(_item(hvec=None, hvs01="", hvidate=None, dutyName=None)))
    assert np.isnan(feed.beds_left[0]) and np.isnat(feed.entered[0]) and np.isnan(feed.age_minutes("2026-03-01")[0])
    assert feed.name[0] == "A1100001" and feed.flags["ct"][0] is None
    with pytest.raises(ValueError, match="no hospital sent both"):
        feed.saturation()


def test_negative_numbers_are_patients_and_minus_one_is_two_things():
    feed = read_feed(_answer(*(_item(f"A{k}", hvec=value) for k, value in enumerate(("-6", "-1", "0", "14")))))
    assert feed.over_capacity.tolist() == [6, 0, 0, 0]
    assert feed.ambiguous.tolist() == [False, True, False, False]
    # 80 beds with 7 free in sum; without the two negative ones 40 beds with 14 free
    assert feed.saturation() == 1 - 7 / 80
    assert feed.saturation(negative="drop") == 1 - 14 / 40
    assert feed.saturation(negative="zero") == 1 - 14 / 80
    with pytest.raises(ValueError, match="negative must be one of keep, zero, drop"):
        feed.saturation(negative="ignore")
    assert [len(trace.x) for trace in feed.plot().data] == [2, 1, 1]


def _full_city():
    """Beds left of twenty in each of five emergency rooms; three of them below zero, of which one is a -1."""
    return read_feed(_answer(*(_item(f"A{k}", hvec=left) for k, left in enumerate((-8, -3, -1, 6, 8)))))


@pytest.mark.parametrize(
    ("negative", "ambiguous", "free", "beds"),
    [
        ("keep", None, -8 - 3 - 1 + 6 + 8, 100),
        ("zero", None, 6 + 8, 100),
        ("drop", None, 6 + 8, 40),
        ("keep", "drop", -8 - 3 + 6 + 8, 80),
        ("keep", "zero", -8 - 3 + 6 + 8, 100),
        ("zero", "keep", -1 + 6 + 8, 100),
        ("drop", "keep", -1 + 6 + 8, 60),
        ("drop", "zero", 6 + 8, 60),
    ],
)
def test_each_treatment_of_negative_numbers_by_hand(negative, ambiguous, free, beds):
    """Equal up to rounding of one division and one subtraction, each within half of 2.2e-16."""
    got = _full_city().saturation(negative=negative, ambiguous=ambiguous)
    assert got == pytest.approx(1 - free / beds, abs=3e-16)


def test_a_full_city_without_its_fullest_hospitals_looks_free():
    feed = _full_city()
    assert feed.saturation(negative="drop") < feed.saturation(negative="zero") < feed.saturation(negative="keep")
    full = read_feed(_answer(_item("A1", hvec="-2"), _item("A2", hvec="-1")))
    with pytest.raises(ValueError, match="once those below zero are dropped"):
        full.saturation(negative="drop")
    with pytest.raises(ValueError, match="ambiguous must be one of keep, zero, drop"):
        full.saturation(ambiguous="guess")


def test_a_hospital_that_did_not_send_both_numbers_counts_for_nothing():
    rows = _item("A1", hvec="5"), _item("A2", hvec=None), _item("A3", hvs01=None), _item("A4", hvs01="0", hvec="-9")
    feed = read_feed(_answer(*rows))
    assert feed.saturation() == 1 - 5 / 20
    assert np.isnan(feed.over_capacity[1]) and feed.over_capacity[3] == 9
    assert not feed.ambiguous[1] and np.isnan(feed.baseline[2])


def test_the_table_keeps_whole_numbers_and_gaps():
    table = read_feed(_answer(_item("A1", hvec="-3", hvctayn="Y"), _item("A2", hvec=None))).to_frame()
    assert str(table["beds_left"].dtype) == "Int64" and str(table["ct"].dtype) == "boolean"
    assert table["beds_left"][0] == -3 and table["beds_left"][1] is pd.NA
    assert table["over_capacity"][0] == 3 and table["over_capacity"][1] is pd.NA and table["ct"][1] is pd.NA


@pytest.mark.parametrize(
    "now",
    [
        "2026-03-01T18:20",
        np.datetime64("2026-03-01T18:20"),
        pd.Timestamp("2026-03-01T18:20"),
        pd.Timestamp("2026-03-01T09:20", tz="UTC"),
        "2026-03-01T18:20+09:00",
    ],
)
def test_an_age_is_the_same_in_every_time_zone(now):
    """A server's clock runs in UTC: read as Korean time it would make every report nine hours younger."""
    assert read_feed(_answer(_item())).age_minutes(now).tolist() == [15.0]


@pytest.mark.parametrize("now", ["soon", None, 5, np.datetime64("NaT"), ["2026-03-01", "2026-03-02"]])
def test_an_age_needs_a_moment(now):
    with pytest.raises(ValueError, match="now must be one moment"):
        read_feed(_answer(_item())).age_minutes(now)


def test_the_picture_shows_every_hospital_once():
    """Two hospitals of one name have a bar each, and one that is silent is there as well."""
    rows = _item("A1", dutyName="한빛", hvec="3"), _item("A2", dutyName="한빛", hvec="-4"), _item("A3", hvec=None)
    figure = read_feed(_answer(*rows)).plot()
    bars = {x: y for trace in figure.data for x, y in zip(trace.x, trace.y, strict=True)}
    assert bars == {"한빛 (A1)": 3, "한빛 (A2)": -4, "병원 A3": 0}
    assert [trace.name for trace in figure.data if len(trace.x) and trace.type == "scatter"] == ["보고 없음"]
    assert list(figure.layout.xaxis.categoryarray) == ["한빛 (A2)", "한빛 (A1)", "병원 A3"]
    assert figure.layout.barmode == "relative"  # bars of different kinds stand at their hospital, not beside it


@given(st.lists(st.integers(-40, 60), min_size=1, max_size=20))
@settings(max_examples=40, deadline=None)
def test_numbers_come_back_as_they_were_sent(values):
    feed = read_feed(_answer(*(_item(f"A{k}", hvec=value) for k, value in enumerate(values))))
    assert feed.beds_left.tolist() == values


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is no XML"),
        ("<response><body>", "is no XML"),
        ("<html></html>", "begins with <html>"),
        (_answer(), "holds no hospital"),
        (_answer(_item(), code="03"), "resultCode '03'"),
        (_answer(_item("A1"), _item("A1")), "hospital A1 comes twice"),
        (_answer(_item(None)), "item 1 has no hpid"),
        (_answer(_item(hvec="many")), "A1100001: hvec is no whole number of beds, got 'many'"),
        (_answer(_item(hvec="1.5")), "hvec is no whole number"),
        (_answer(_item(hvs01="١٢")), "hvs01 is no whole number"),
        (_answer(_item(hvctayn="maybe")), "hvctayn must be Y or N"),
        (_answer(_item(hvidate="20261301000000")), "hvidate must be YYYYMMDDhhmmss"),
        (_answer(_item(hvidate="yesterday")), "hvidate must be YYYYMMDDhhmmss"),
        (
            "<OpenAPI_ServiceResponse><cmmMsgHeader><errMsg>SERVICE ERROR</errMsg><returnAuthMsg>"
            "SERVICE_KEY_IS_NOT_REGISTERED_ERROR</returnAuthMsg><returnReasonCode>30</returnReasonCode>"
            "</cmmMsgHeader></OpenAPI_ServiceResponse>",
            "SERVICE_KEY_IS_NOT_REGISTERED_ERROR.*decoded one",
        ),
        (b'<?xml version="1.0" encoding="foo"?><response/>', "is no XML .unknown encoding"),
        ("Unauthorized", "is no XML .*begins with 'Unauthorized'"),
        (None, "is no XML"),
        (_answer(_item(), total="many"), "totalCount is no whole number, got 'many'"),
        ('<!DOCTYPE response SYSTEM "http://127.0.0.1:9/x.dtd">' + _answer(_item()), "document type"),
        ('<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><response>&d;</response>', "declares entities"),
    ],
)
def test_a_broken_answer_says_where(text, message):
    with pytest.raises(FeedError, match=message):
        read_feed(text)


def test_a_billion_laughs_are_not_laughed():
    """Ten entities of ten each would be 10^9 words in memory; none is expanded."""
    entities = "".join(f'<!ENTITY l{k} "{f"&l{k - 1};" * 10}">' for k in range(1, 10))
    bomb = f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY l0 "lol">{entities}]>{_answer(_item(dutyName="&l9;"))}'
    for text in (bomb, bomb.encode()):
        with pytest.raises(FeedError, match="declares entities or a document type"):
            read_feed(text)


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("20", "apply for the service"),
        ("22", "used up; wait until tomorrow"),
        ("23", "in one second"),
        ("30", "decoded one"),
        ("31", "extend it"),
        ("32", "register this computer"),
        ("99", "try again later"),
    ],
)
def test_each_refusal_says_what_to_do(code, advice):
    header = f"<cmmMsgHeader><errMsg>E</errMsg><returnReasonCode>{code}</returnReasonCode></cmmMsgHeader>"
    with pytest.raises(FeedError, match=f"returnReasonCode {code}.*{advice}"):
        read_feed(f"<OpenAPI_ServiceResponse>{header}</OpenAPI_ServiceResponse>")
    with pytest.raises(FeedError, match=f"resultCode '{code}'.*{advice}"):
        read_feed(_answer(_item(), code=code))


@contextlib.contextmanager
def _service(pages, *, status=200):
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            query = parse_qs(urlparse(self.path).query)
            asked.append(query)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(pages[int(query["pageNo"][0]) - 1].encode())

        def log_message(self, *told):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/beds", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_all_pages_are_read_and_the_key_is_sent_as_it_is(monkeypatch):
    monkeypatch.setenv("NEMC_SERVICE_KEY", KEY)
    pages = [_answer(_item("A1"), _item("A2"), total=3), _answer(_item("A3"), total=3)]
    with _service(pages) as (address, asked):
        feed = fetch_feed("서울특별시", district="종로구", address=address)
    assert feed.hospital_id.tolist() == ["A1", "A2", "A3"]
    assert [query["pageNo"] for query in asked] == [["1"], ["2"]]
    assert asked[0]["serviceKey"] == [KEY] and asked[0]["STAGE1"] == ["서울특별시"] and asked[0]["STAGE2"] == ["종로구"]
    assert KEY not in repr(feed) + repr(vars(feed))


def test_a_key_that_the_portal_encoded_is_sent_decoded(monkeypatch):
    """The portal shows both; the encoded one, encoded once more, is refused as not registered."""
    monkeypatch.setenv("ANOTHER", quote(KEY, safe="") + "\n")
    with _service([_answer(_item())]) as (address, asked):
        fetch_feed("서울특별시", address=address, key_variable="ANOTHER")
    assert asked[0]["serviceKey"] == [KEY] and "STAGE2" not in asked[0]


@pytest.mark.parametrize(
    ("pages", "message"),
    [
        ([_answer(_item("A1"), total=3), _answer(total=3)], "only 1 of 3 hospitals came on 2 pages"),
        ([_answer(_item("A1"), total=2), _answer(_item("A1"), total=2)], "hospital A1 comes twice, perhaps as"),
        ([_answer(_item("A1"), total="")], "only 1 of an unknown number of hospitals"),
    ],
)
def test_half_a_city_is_an_error(monkeypatch, pages, message):
    monkeypatch.setenv("NEMC_SERVICE_KEY", KEY)
    with _service(pages) as (address, _), pytest.raises(FeedError, match=message):
        fetch_feed("서울특별시", rows=1, address=address)


def test_a_page_alone_tells_that_others_are_missing():
    feed = read_feed(_answer(_item("A1"), total=3))
    assert feed.total == 3 and len(feed.name) == 1


@pytest.mark.parametrize(("status", "advice"), [(401, "decoded one"), (429, "used up"), (500, "try again later")])
def test_a_status_says_what_to_do(monkeypatch, status, advice):
    monkeypatch.setenv("NEMC_SERVICE_KEY", KEY)
    message = f"status {status}.*{advice}"
    with _service(["Unauthorized"], status=status) as (address, _), pytest.raises(FeedError, match=message) as caught:
        fetch_feed("서울특별시", address=address)
    _check_hidden(caught.value)


@pytest.mark.parametrize(
    "wrong",
    [{"region": ""}, {"region": None}, {"district": " "}, {"rows": 0}, {"rows": 1.5}, {"timeout": 0}],
    ids=str,
)
def test_arguments_are_checked_before_anything_is_asked(monkeypatch, wrong):
    monkeypatch.setenv("NEMC_SERVICE_KEY", KEY)
    given = {"region": "서울특별시"} | wrong
    with pytest.raises(ValueError, match=next(iter(wrong))):
        fetch_feed(given.pop("region"), **given, opener=None, address="http://127.0.0.1:9/nobody")


def _check_hidden(error):
    """No form of the key in the message, in the shown traceback, or in an error that hangs on it."""
    shown = [str(error), repr(error), *traceback.format_exception(error)]
    while error := error.__cause__ or error.__context__:
        shown += [str(error), repr(error), repr(vars(error))]
    # the middle of the key survives every encoding, so it is enough to look for that
    assert "secret" not in "".join(shown).lower()


def _raising(make):
    def opener(address, *, timeout):
        raise make(address)

    return opener


@pytest.mark.parametrize(
    "make",
    [
        lambda address: urllib.error.URLError(f"refused: {address}"),
        lambda address: urllib.error.URLError(OSError(f"refused: {address.upper()}")),
        lambda address: urllib.error.HTTPError(address, 403, f"no: {address}", http.client.HTTPMessage(), None),
        lambda address: http.client.InvalidURL(f"bad: {address}"),
        lambda address: http.client.BadStatusLine(f"bad: {address}"),
        lambda address: TimeoutError(f"slow: {quote(address)}"),
        lambda address: ValueError(f"unknown url type: {address}"),
    ],
)
def test_no_error_of_the_network_shows_the_key(monkeypatch, make):
    monkeypatch.setenv("NEMC_SERVICE_KEY", KEY)
    with pytest.raises(FeedError, match=r"cannot be reached|refused the request") as caught:
        fetch_feed("서울특별시", opener=_raising(make))
    assert "***" in str(caught.value)
    _check_hidden(caught.value)


@pytest.mark.parametrize("address", ["apis.data.go.kr/beds", "http://127.0.0.1:9/a b", "http://127.0.0.1:x/"])
def test_a_wrong_address_does_not_show_the_key(monkeypatch, address):
    monkeypatch.setenv("NEMC_SERVICE_KEY", KEY)
    with pytest.raises(FeedError, match="cannot be reached") as caught:
        fetch_feed("서울특별시", address=address)
    _check_hidden(caught.value)


@pytest.mark.parametrize("written", [KEY, quote(KEY, safe=""), quote(quote(KEY, safe="")), KEY.replace("+", "&#43;"),
                                     KEY.replace("/", "&#x2F;")])  # fmt: skip
@pytest.mark.parametrize("place", ["portal", "header", "number", "text", "cut"])
def test_an_answer_that_repeats_the_key_does_not_show_it(monkeypatch, written, place):
    monkeypatch.setenv("NEMC_SERVICE_KEY", KEY)
    text = {
        "portal": f"<OpenAPI_ServiceResponse><m><errMsg>{written}</errMsg></m></OpenAPI_ServiceResponse>",
        "header": _answer(_item(), code=written),
        "number": _answer(_item(hvec=written)),
        "text": f"no service for {written}",
        "cut": "x" * 52 + written,  # the message shows 60 characters: the key would be cut, and not be recognised
    }[place]
    with pytest.raises(FeedError) as caught:
        fetch_feed("서울특별시", opener=lambda address, timeout: io.BytesIO(text.encode()))
    _check_hidden(caught.value)


def test_no_message_shows_the_key(monkeypatch):
    monkeypatch.setenv("NEMC_SERVICE_KEY", KEY)

    def broken(address, *, timeout):
        raise urllib.error.URLError(f"refused: {address}")

    with pytest.raises(FeedError, match="cannot be reached") as caught:
        fetch_feed("서울특별시", opener=broken)
    assert "secret" not in str(caught.value) and caught.value.__cause__ is None and caught.value.__suppress_context__


def test_without_a_key_nothing_is_asked(monkeypatch):
    monkeypatch.delenv("NEMC_SERVICE_KEY", raising=False)
    with pytest.raises(FeedError, match=r"NEMC_SERVICE_KEY.*data\.go\.kr"):
        fetch_feed("서울특별시", opener=lambda *asked, **more: io.BytesIO())


def test_the_simulator_sends_what_was_last_reported():
    log = er_beds.simulate(er_beds.city(6, utilisation=1.0), days=5, seed=3)
    evening = np.datetime64("2019-03-04T19:30:00")
    feed, seen = read_feed(write_feed(log, evening)), log.reported(evening)
    assert feed.name.tolist() == list(log.city.names)
    assert np.array_equal(feed.beds_left, seen.value[0]) and np.array_equal(feed.counts["beds"], log.city.beds)
    assert np.allclose(feed.age_minutes(evening), seen.age_minutes[0], atol=1 / 30)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=12),
            st.integers(1, 90),
            st.none() | st.tuples(st.integers(-60, 90), st.integers(0, 500_000)),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_whatever_a_log_reports_is_read_back(rows):
    """A stand-in for a log: any name, any number, any age in seconds; nothing else of a log is used."""
    now = np.datetime64("2026-03-01T00:00:07")
    value = np.array([[np.nan if sent is None else sent[0] for _, _, sent in rows]], dtype=float)
    age = np.array([[np.nan if sent is None else sent[1] / 60 for _, _, sent in rows]], dtype=float)
    hospitals = tuple(SimpleNamespace(name=name, beds=beds) for name, beds, _ in rows)
    log = SimpleNamespace(
        city=SimpleNamespace(hospitals=hospitals), reported=lambda times: SimpleNamespace(value=value, age_minutes=age)
    )
    feed = read_feed(write_feed(log, now))
    assert isinstance(feed, BedFeed) and feed.total == len(rows)
    assert feed.name.tolist() == [name for name, _, _ in rows]
    assert np.array_equal(feed.beds_left, value[0], equal_nan=True)
    assert feed.baseline.tolist() == [beds for _, beds, _ in rows]
    # ages are whole seconds here, so they come back as the same quotients
    assert np.array_equal(feed.age_minutes(now), age[0], equal_nan=True)


def test_the_simulator_has_nothing_to_send_before_the_first_report_and_refuses_other_times():
    log = er_beds.simulate(er_beds.city(6, utilisation=1.0), days=3, seed=3)
    seen = log.reported([log.start])
    feed = read_feed(write_feed(log, log.start))
    assert np.array_equal(np.isnan(feed.beds_left), np.isnan(seen.value[0]))
    assert np.array_equal(np.isnat(feed.entered), np.isnan(seen.value[0]))
    assert (feed.entered[~np.isnat(feed.entered)] <= log.start).all()
    with pytest.raises(ValueError, match="outside of the log"):
        write_feed(log, "2031-01-01")
    with pytest.raises(ValueError, match="time must be one moment"):
        write_feed(log, "noon")
