"""API tokens: list, make, revoke. A new one is shown once, on the page that answers the form."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast, get_args

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ....connector.context import utc_now
from ....connector.errors import InvalidInput
from ...administration.credentials import expiry
from ...operating.changes import Wanted
from ...store.tokens import Scope, TokenRecord
from ..forms import Form, FormPage, errors_by_field, fields_of
from ..site import Site, notice, see_other, site_of, with_form

INPUTS: list[dict[str, Any]] = [
    {
        "key": "name",
        "type": "string",
        "label": "Name",
        "required": True,
        "comments": "What it is for. The log of changes names it.",
        "example": "billing",
    },
    {
        "key": "scope",
        "type": "string",
        "label": "It may",
        "required": True,
        "comments": "To look includes the metrics.",
        "model": [
            {"value": "read", "label": "read: look at everything"},
            {"value": "write", "label": "write: change things and run actions"},
        ],
    },
    {
        "key": "expires",
        "type": "string",
        "label": "It ends after",
        "comments": "Hours, days or weeks, such as 12h, 90d or 52w. Left empty, it lasts until it is revoked.",
        "example": "90d",
    },
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A token as it is drawn; ``made_by`` is empty where the log does not say."""

    record: TokenRecord
    made_by: str
    is_over: bool


def listing(request: Request) -> Response:
    return _draw(request, _form())


def create(request: Request, form: Form) -> Response:
    values = {item["key"]: form.get(item["key"]).strip() for item in INPUTS}
    try:
        scope = _scope(values["scope"])
        ends = expiry(values["expires"], utc_now()) if values["expires"] else None
        token = site_of(request).host.credentials.create_token(values["name"], scope, ends)
    except InvalidInput as error:
        return _draw(request, _form(values, errors_by_field(str(error), list(values))), status=400)
    return _draw(request, _form(), made=(values["name"], token))


def revoke(request: Request, form: Form) -> Response:
    try:
        site_of(request).host.credentials.revoke_token(form.get("name"))
    except InvalidInput:
        return _draw(request, _form(), problem="There is no token of that name any more.", status=409)
    return see_other("/tokens", done="revoked")


def _form(values: dict[str, str] | None = None, errors: dict[str, str] | None = None) -> FormPage:
    return FormPage(fields_of(INPUTS, values or {"scope": "read"}, errors=errors))


def _scope(text: str) -> Scope:
    if text not in get_args(Scope):
        raise InvalidInput("scope: choose read or write", field="scope")
    return cast("Scope", text)


def _draw(
    request: Request, form: FormPage, *, made: tuple[str, str] = ("", ""), problem: str = "", status: int = 200
) -> Response:
    site = site_of(request)
    return site.pages.page(
        request,
        "tokens.html",
        status=status,
        section="admin",
        notice=notice(request, {"revoked": "The token was revoked. It is refused from now on."}),
        problem=problem,
        rows=[_row(site, record, utc_now()) for record in site.host.store.tokens.all()],
        made=made,
        form=form,
    )


def _row(site: Site, record: TokenRecord, now: datetime) -> Row:
    lines, _ = site.host.changes.find(Wanted(what="token.create", subject=record.name), limit=1)
    return Row(record=record, made_by=lines[0].who if lines else "", is_over=record.is_over(now))


def routes() -> list[Route]:
    return [
        Route("/tokens", listing),
        Route("/tokens", with_form(create), methods=["POST"]),
        Route("/tokens/revoke", with_form(revoke), methods=["POST"]),
    ]
