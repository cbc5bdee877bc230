"""The account: balance, usage, subaccounts.

https://www.twilio.com/docs/usage/api/account-balance, https://www.twilio.com/docs/usage/api/usage-record,
https://www.twilio.com/docs/iam/api/account
"""

from collections.abc import Iterator
from itertools import islice
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ..connector.context import ActionContext
from ..connector.inputs import Hint, Trimmed
from ..connector.result import Example
from ..connector.twilio.client import MAX_PAGE, TwilioClient
from ..connector.twilio.parameters import NOT_SENT, parameters
from ..connector.twilio.resources.account import ACCOUNTS, BALANCE, USAGE_RECORDS, is_subaccount
from .operations import ActionInputs, Limit, PageSize, listing
from .rules import excludes

Period = Literal["allTime", "daily", "lastMonth", "monthly", "thisMonth", "today", "yearly", "yesterday"]

_DAY = r"^(\d{4}-\d{2}-\d{2}|[+-]\d{1,5}days)$"


class GetBalance(ActionInputs):
    """The connection's account."""


def get_balance(
    context: ActionContext, inputs: GetBalance
) -> Annotated[dict[str, Any], Example(dict(BALANCE.example))]:
    """Read the account's balance."""
    found: dict[str, Any] = inputs.client(context).fetch(BALANCE)
    return found


class UsageFilters(ActionInputs):
    """Which usage."""

    category: Annotated[
        Trimmed,
        Field(
            title="Category",
            description="Only usage of this category, such as sms, sms-outbound, calls or totalprice.",
            pattern="^[a-z0-9][a-z0-9_-]*$",
            examples=["sms-outbound"],
        ),
    ] = ""
    subresource: Annotated[
        Period | None,
        NOT_SENT,
        Field(
            title="Period",
            description="How to add up: daily, monthly and yearly give a record for each; the others one for that time. "
            "Blank: one record for each category, between the two dates.",
            examples=["daily"],
        ),
    ] = None
    start_date: Annotated[
        Trimmed,
        Field(
            title="Start Date",
            description="Only usage on this day (UTC) or after: a date, or an offset from today such as -30days.",
            pattern=_DAY,
            examples=["2026-03-01"],
        ),
    ] = ""
    end_date: Annotated[
        Trimmed,
        Field(
            title="End Date",
            description="Only usage on this day (UTC) or before: a date, or an offset from today such as -1days.",
            pattern=_DAY,
            examples=["2026-03-15"],
        ),
    ] = ""
    include_subaccounts: Annotated[
        bool | None,
        Field(
            title="Include Subaccounts",
            description="Whether usage of the subaccounts is part of it. Blank: it is.",
            examples=["true"],
        ),
        Hint(advanced=True),
    ] = None

    @model_validator(mode="after")
    def _one_time(self) -> "UsageFilters":
        if self.subresource in {"allTime", "lastMonth", "thisMonth", "today", "yesterday"}:
            excludes(self, "subresource", ["start_date", "end_date"], "that period has its own dates")
        return self

    @property
    def period(self) -> str:
        """The part of the path that names the period."""
        return f"/{self.subresource[0].upper()}{self.subresource[1:]}" if self.subresource else ""


class ListSubaccounts(ActionInputs):
    """Which subaccounts."""

    friendly_name: Annotated[
        str,
        Field(
            title="Friendly Name", description="Only subaccounts with exactly this name.", examples=["Example Store"]
        ),
    ] = ""
    status: Annotated[
        Literal["active", "suspended", "closed"] | None,
        Field(title="Status", description="Only subaccounts with this status.", examples=["active"]),
    ] = None
    limit: Limit = 100
    page_size: PageSize = None


def list_subaccounts(
    context: ActionContext, inputs: ListSubaccounts
) -> Iterator[Annotated[dict[str, Any], Example(dict(ACCOUNTS.example))]]:
    """List the subaccounts, without their auth tokens. Needs the account's Auth Token or a main API key."""
    page_size = inputs.page_size or min(inputs.limit + 1, MAX_PAGE)  # the account itself is listed too
    found = subaccounts(inputs.client(context), parameters(inputs), page_size=page_size)
    yield from islice(found, inputs.limit)


def subaccounts(client: TwilioClient, filters: Any = (), *, page_size: int | None = None) -> Iterator[dict[str, Any]]:
    """The subaccounts, without the account itself."""
    return filter(is_subaccount, client.list(ACCOUNTS, filters, page_size=page_size))


list_usage_records = listing(USAGE_RECORDS, UsageFilters)
