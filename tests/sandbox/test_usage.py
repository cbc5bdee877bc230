"""What is used is added up, and taken off the balance."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from twilio.rest import Client
from twilio_connector.sandbox.ledger import Ledger
from twilio_connector.sandbox.server import Sandbox

from .conftest import refused


def send(sdk: Client, twilio: Sandbox, body: str = "x") -> None:
    sid = sdk.messages.create(to=twilio.handset, from_=twilio.number, body=body).sid
    twilio.state.wait_for(lambda: sdk.messages(sid).fetch().status == "delivered")


def test_a_message_costs_by_its_segments(sdk: Client, twilio: Sandbox) -> None:
    before = Decimal(sdk.balance.fetch().balance)
    send(sdk, twilio, "x" * 161)
    after = sdk.balance.fetch()
    assert (before - Decimal(after.balance), after.currency) == (Decimal("0.01580"), "USD")
    (record,) = sdk.usage.records.list(category="sms-outbound")
    assert (record.count, record.usage, record.usage_unit, record.price) == ("1", "2", "segments", Decimal("0.0158"))


@pytest.mark.parametrize("view", ["all_time", "daily", "monthly", "yearly", "today", "this_month"])
def test_every_view_that_has_today_has_the_message(sdk: Client, twilio: Sandbox, view: str) -> None:
    send(sdk, twilio)
    records = getattr(sdk.usage.records, view).list(category="sms")
    assert [it.count for it in records] == ["1"]
    assert records[0].start_date <= datetime.now(UTC).date() <= records[0].end_date


@pytest.mark.parametrize("view", ["yesterday", "last_month"])
def test_a_view_without_today_has_none(sdk: Client, twilio: Sandbox, view: str) -> None:
    send(sdk, twilio)
    assert [it.count for it in getattr(sdk.usage.records, view).list(category="sms")] == ["0"]


def test_records_are_found_by_day(sdk: Client, twilio: Sandbox) -> None:
    send(sdk, twilio)
    today = datetime.now(UTC).date()
    assert len(sdk.usage.records.daily.list(category="sms", start_date=today - timedelta(days=1))) == 1
    assert sdk.usage.records.daily.list(category="sms", end_date=date(2020, 1, 1)) == []
    with refused(20001):
        sdk.usage.records.daily.list(start_date="soon")


def test_a_days_uses_are_one_entry_however_many_they_are() -> None:
    ledger, now = Ledger(), datetime.now(UTC)
    for _ in range(1000):
        ledger.charge("AC1", now, "sms-outbound", 1, 0.01)
    entries = {use.category: use.count for _, use in ledger.entries("AC1")}
    assert entries == {"sms-outbound": 1000, "sms": 1000, "totalprice": 1000}
    assert ledger.balance("AC1") == Decimal(90)


def test_a_subaccounts_use_counts_unless_it_is_left_out(twilio: Sandbox, sdk: Client) -> None:
    sub = twilio.state.add_account("Sub", owner_sid=twilio.account_sid)
    twilio.state.ledger.charge(sub.sid, datetime.now(UTC), "sms-outbound", 1, 0.01)
    assert sdk.usage.records.list(category="sms")[0].count == "1"
    assert sdk.usage.records.list(category="sms", include_subaccounts=False)[0].count == "0"
