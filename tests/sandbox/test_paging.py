"""Paging is a law: forward or back, whatever comes or goes meanwhile, nothing that stays is lost or doubled."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.sandbox.errors import TwilioError
from twilio_connector.sandbox.paging import Pager

KEY = b"key"


def page(items: list[int], query: dict[str, str]) -> dict[str, Any]:
    pager = Pager("/list.json", query, lambda item: item, KEY)
    return pager.envelope("items", pager.page(items), lambda item: {"id": item})


def query_of(uri: str) -> dict[str, str]:
    assert uri.startswith("/list.json?")
    return dict(parse_qsl(urlsplit(uri).query))


@given(st.integers(0, 60), st.integers(1, 20))
def test_following_next_gives_every_item_once_in_order(count: int, size: int) -> None:
    items, seen = list(range(count, 0, -1)), []
    uri: str | None = f"/list.json?PageSize={size}&To=x"
    while uri:
        envelope = page(items, query_of(uri))
        seen += [item["id"] for item in envelope["items"]]
        uri = envelope["next_page_uri"]
        assert uri is None or "To=x" in uri
    assert seen == items


@given(st.lists(st.integers(0, 40), unique=True), st.integers(1, 7), st.data())
def test_what_comes_or_goes_meanwhile_moves_nothing_else(start: list[int], size: int, data: st.DataObject) -> None:
    items, seen = sorted(start, reverse=True), []
    stay, newest = set(items), 100
    uri: str | None = f"/list.json?PageSize={size}"
    while uri:
        envelope = page(items, query_of(uri))
        seen += [item["id"] for item in envelope["items"]]
        uri = envelope["next_page_uri"]
        gone = data.draw(st.sampled_from(items)) if items else None
        newest += 1
        stay.discard(gone or -1)
        items = [newest, *(item for item in items if item != gone)]
    assert len(seen) == len(set(seen))
    assert stay - {0} <= set(seen)


@given(st.integers(0, 60), st.integers(1, 20))
def test_the_addresses_of_the_newer_products_lead_over_every_item_too(count: int, size: int) -> None:
    base, seen = "http://127.0.0.1:1/verify", []
    url: str | None = f"{base}/list.json?PageSize={size}"
    while url:
        pager = Pager("/list.json", query_of(url.removeprefix(base)), lambda item: item, KEY)
        envelope = pager.meta_envelope("items", pager.page(range(count, 0, -1)), lambda item: {"id": item}, base)
        seen += [item["id"] for item in envelope[envelope["meta"]["key"]]]
        url = envelope["meta"]["next_page_url"]
        assert url is None or url.startswith(base)
    assert seen == list(range(count, 0, -1))


def test_no_more_items_are_looked_at_than_a_page_needs() -> None:
    items = iter(range(1000, 0, -1))
    assert len(Pager("/list.json", {"PageSize": "3"}, lambda item: item, KEY).page(items).items) == 3
    assert next(items) == 996


@given(st.integers(1, 40), st.integers(1, 9))
def test_previous_leads_back_over_the_same_pages(count: int, size: int) -> None:
    items, there = list(range(count, 0, -1)), []
    envelope = page(items, {"PageSize": str(size)})
    while envelope["next_page_uri"]:
        there.append(envelope["items"])
        envelope = page(items, query_of(envelope["next_page_uri"]))
    while envelope["previous_page_uri"]:
        envelope = page(items, query_of(envelope["previous_page_uri"]))
        assert envelope["items"] == there.pop()
    assert there == []


@pytest.mark.parametrize(
    "query",
    [
        {"Page": "1"},
        {"Page": "x"},
        {"PageSize": "0"},
        {"PageSize": "1001"},
        {"PageSize": "ten"},
        {"PageToken": "PA0000000000000001"},
        {"PageToken": "ü"},
    ],
)
def test_a_page_that_was_not_given_out_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(TwilioError) as refused:
        page([1, 2, 3], query)
    assert refused.value.code == 20001
