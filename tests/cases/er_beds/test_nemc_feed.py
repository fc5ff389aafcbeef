"""The feed as it is sent, as it breaks, and the key that must not be seen. Every answer here was made by hand."""

from __future__ import annotations

import contextlib
import io
import threading
import urllib.error
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlparse

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.cases import er_beds
from coursekit.cases.er_beds.nemc_feed import FeedError, fetch_feed, read_feed, write_feed

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
        ('<!DOCTYPE a [<!ENTITY b "c"><!ENTITY d "&b;&b;">]><response>&d;</response>', "declares entities"),
    ],
)
def test_a_broken_answer_says_where(text, message):
    with pytest.raises(FeedError, match=message):
        read_feed(text)


@contextlib.contextmanager
def _service(pages):
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            query = parse_qs(urlparse(self.path).query)
            asked.append(query)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(pages[int(query["pageNo"][0]) - 1].encode())

        def log_message(self, *told):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
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
