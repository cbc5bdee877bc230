"""`/_sandbox`: what no Twilio has, in JSON for scripts: faults, inbound texts, numbers, handsets, the whole state."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from functools import partial
from typing import Any, get_args

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from . import faults, presets, shapes
from .carrier import Carrier
from .courier import Courier
from .errors import TwilioError
from .records import Answering, Media, Number
from .settings import new_sid
from .state import Dropped, State

Handler = Callable[["Desk", Request, dict[str, Any]], Any]
NUMBER_KEYS = frozenset({"sms_url", "sms_method", "sms_fallback_url", "status_callback", "friendly_name"})
HELD = ("digits", "speech")  # what a handset presses and says in its calls


class Wrong(Exception):
    """A request that says something impossible; `str()` names the key and what to give instead."""


class Desk:
    """The state and who works on it, as the handlers below get them."""

    def __init__(self, state: State, carrier: Carrier, courier: Courier) -> None:
        self.state = state
        self.carrier = carrier
        self.courier = courier

    def routes(self) -> list[Route]:
        return [
            Route(f"/_sandbox{path}", partial(self._answer, handler), methods=[method])
            for (method, path), handler in HANDLERS.items()
        ]

    async def _answer(self, handler: Handler, request: Request) -> Response:
        try:
            return _json(await run_in_threadpool(handler, self, request, await _body(request)))
        except Wrong as wrong:
            return _json({"error": str(wrong)}, 400)
        except TwilioError as refused:
            return _json({"error": str(refused), "code": refused.code}, refused.status)
        except Dropped as dropped:
            return _json({"error": str(dropped)}, 409)

    def number(self, request: Request) -> Number:
        number = self.state.number(request.path_params["number"])
        if number is None:
            known = ", ".join(it.phone_number for it in self.state.numbers.values())
            raise Wrong(f"number: {request.path_params['number']} is not here; there are {known}")
        return number


def dump(record: Any) -> dict[str, Any]:
    """Show a record: its fields, without secrets and without bytes."""
    hidden = {"auth_token", "secret", "shared_key", "data", "order", "program", "asked", "code"}
    return {f.name: getattr(record, f.name) for f in fields(record) if f.name not in hidden}


def _json(data: Any, status: int = 200) -> Response:
    return Response(json.dumps(data, default=str, indent=1) + "\n", status, media_type="application/json")


async def _body(request: Request) -> dict[str, Any]:
    raw = await request.body()
    try:
        data = json.loads(raw or b"{}")
    except ValueError as wrong:
        raise Wrong(f"the body is not JSON: {wrong}") from wrong
    if not isinstance(data, dict):
        raise Wrong("the body must be a JSON object")
    return data


def _only(body: dict[str, Any], allowed: frozenset[str]) -> dict[str, Any]:
    for key, value in body.items():
        if key not in allowed:
            raise Wrong(f"{key}: no such key; use {', '.join(sorted(allowed))}")
        if not isinstance(value, str):
            raise Wrong(f"{key}: {value!r} must be text")
    return body


def show_state(desk: Desk, _: Request, __: dict[str, Any]) -> Any:
    state = desk.state
    return {
        "url": state.settings.url,
        "accounts": [dump(it) for it in state.accounts.values()],
        "numbers": [dump(it) for it in state.numbers.values()],
        "messages": [shapes.message(it) for it in state.messages()],
        "calls": [dump(it) for it in state.calls.newest()],
        "recordings": [dump(it) for it in state.recordings.newest()],
        "sinks": [dump(it) for it in state.sinks.newest()],
        "subscriptions": [dump(it) for it in state.subscriptions.newest()],
        "alerts": [dump(it) for it in state.alerts()],
        "requests": [dump(it) for it in state.exchanges()],
        "faults": [asdict(it) for it in state.faults.all()],
    }


def reset(desk: Desk, _: Request, __: dict[str, Any]) -> Any:
    desk.state.reset()
    return {"reset": True}


def list_faults(desk: Desk, _: Request, __: dict[str, Any]) -> Any:
    return [asdict(it) for it in desk.state.faults.all()]


def add_fault(desk: Desk, _: Request, body: dict[str, Any]) -> Any:
    try:
        return asdict(desk.state.faults.insert(faults.parse(body)))
    except ValueError as wrong:
        raise Wrong(str(wrong)) from wrong


def clear_faults(desk: Desk, _: Request, __: dict[str, Any]) -> Any:
    desk.state.faults.clear()
    return []


def add_number(desk: Desk, _: Request, body: dict[str, Any]) -> Any:
    given = _only(body, NUMBER_KEYS | {"phone_number", "account_sid"})
    if "phone_number" not in given:
        raise Wrong("phone_number: missing; give one such as +14155550199")
    if given.get("account_sid", desk.state.settings.account_sid) not in desk.state.accounts:
        raise Wrong(f"account_sid: {given['account_sid']} is not here")
    return dump(desk.state.add_number(given.pop("phone_number"), **given))


def change_number(desk: Desk, request: Request, body: dict[str, Any]) -> Any:
    return dump(desk.state.change_number(desk.number(request).sid, **_only(body, NUMBER_KEYS)))


def receive(desk: Desk, request: Request, body: dict[str, Any]) -> Any:
    """Let a handset text a number, on WhatsApp from `whatsapp:+1…`; `parameters` are what the webhook gets besides.

    `deliver` more than once calls the webhook again with the same token.
    """
    times, media, more = body.pop("deliver", 1), body.pop("media", []), body.pop("parameters", {})
    if not isinstance(times, int) or not 1 <= times <= 10:  # noqa: PLR2004 -- more shows nothing more
        raise Wrong(f"deliver: {times!r}; use 1 to 10")
    if not isinstance(media, list) or not all(isinstance(it, dict) for it in media):
        raise Wrong('media: a list of {"url": …, "content_type": …}')
    if not isinstance(more, dict) or not all(isinstance(value, str) for value in more.values()):
        raise Wrong('parameters: an object of texts such as {"ButtonText": "Yes"}')
    given = _only(body, frozenset({"from", "body", "to"}))
    if "from" not in given:
        raise Wrong("from: missing; say which handset texts, such as +14155550123")
    files = tuple(
        Media(new_sid("ME"), str(it.get("content_type", "image/png")), str(it.get("url", ""))) for it in media
    )
    channel, colon, _ = given["from"].rpartition(":")
    to = f"{channel}{colon}{desk.number(request).phone_number}"
    message = desk.state.receive(given["from"], to, given.get("body", ""), files, tuple(more.items()))
    for _ in range(1, times):
        desk.carrier.redeliver(message)
    return shapes.message(message)


def change_handset(desk: Desk, request: Request, body: dict[str, Any]) -> Any:
    """Say how texts to a handset end (`error_code`), and what becomes of calls to it (`answering`).

    `digits` and `speech` are what it presses and says in its calls, where <Gather> takes them.
    """
    number, code, answering = request.path_params["number"], body.get("error_code"), body.get("answering")
    if unknown := set(body) - {"error_code", "answering", *HELD}:
        raise Wrong(f"{', '.join(sorted(unknown))}: no such key; use error_code, answering, {', '.join(HELD)}")
    if code is not None and (isinstance(code, bool) or not isinstance(code, int)):
        raise Wrong("error_code: a number such as 30003, or null to mend the handset")
    if answering not in (None, *get_args(Answering)):
        raise Wrong(f"answering: {answering!r}; use {', '.join(get_args(Answering))}")
    _hold(desk, number, body)
    if "error_code" in body or not body:
        desk.state.break_handset(number, code)
    if answering is not None:
        desk.state.let_answer(number, answering)
    digits, speech = desk.state.held(number)
    return {
        "handset": number,
        "error_code": desk.state.handset_error(number),
        "answering": desk.state.answering(number),
        "digits": digits,
        "speech": speech,
    }


def _hold(desk: Desk, handset: str, body: dict[str, Any]) -> None:
    """Give a handset what the body says that it presses and says, if it says so."""
    given = _only({key: body[key] for key in HELD if key in body}, frozenset(HELD))
    if not given:
        return
    try:
        desk.state.hold(handset, given.get("digits", ""), given.get("speech", ""))
    except ValueError as wrong:
        raise Wrong(str(wrong)) from wrong


def ring(desk: Desk, request: Request, body: dict[str, Any]) -> Any:
    """Let a handset call a number, which calls the number's voice webhook.

    `digits` and `speech` are what it presses and says there, where <Gather> takes them.
    """
    given = _only(body, frozenset({"from", *HELD}))
    if "from" not in given:
        raise Wrong("from: missing; say which handset calls, such as +14155550123")
    number = desk.number(request).phone_number
    _hold(desk, given["from"], body)
    return dump(desk.state.ring(given["from"], number))


def add_account(desk: Desk, _: Request, body: dict[str, Any]) -> Any:
    """Make an account and answer with its token; with `owner_sid` a subaccount."""
    given = _only(body, frozenset({"name", "owner_sid"}))
    account = desk.state.add_account(given.get("name", ""), owner_sid=given.get("owner_sid", ""))
    return {**dump(account), "auth_token": account.auth_token}


def add_key(desk: Desk, _: Request, body: dict[str, Any]) -> Any:
    """Make a key: `kind` main, standard or restricted, the latter with `allow` such as ["messages:read"]."""
    kind, allow = body.get("kind", "standard"), body.get("allow", [])
    if kind not in ("main", "standard", "restricted"):
        raise Wrong(f"kind: {kind!r}; use main, standard or restricted")
    if not isinstance(allow, list) or not all(isinstance(it, str) for it in allow):
        raise Wrong('allow: a list such as ["messages:read"]')
    account = str(body.get("account_sid") or desk.state.settings.account_sid)
    if account not in desk.state.accounts:
        raise Wrong(f"account_sid: {account} is not here")
    key = desk.state.add_key(account, kind, frozenset(allow))
    return {**dump(key), "secret": key.secret}


def show_credentials(desk: Desk, _: Request, __: dict[str, Any]) -> Any:
    own = desk.state.settings
    return {
        "base_url": f"{own.url}/{{product}}",
        "account_sid": own.account_sid,
        "auth_token": own.auth_token,
        "api_key": own.api_key,
        "api_secret": own.api_secret,
        "numbers": own.numbers,
        "messaging_service": presets.sid("MG", own.account_sid, "service"),
        "verify_service": presets.sid("VA", own.account_sid, "verify"),
        "handsets": own.handsets,
    }


def share_key(desk: Desk, request: Request, body: dict[str, Any]) -> Any:
    """Let a shared key sign an account's webhooks in place of its token; an empty object takes that back."""
    given, sid = _only(body, frozenset({"key", "secret"})), request.path_params["account"]
    if sid not in desk.state.accounts:
        raise Wrong(f"account: {sid} is not here")
    if given and set(given) != {"key", "secret"}:
        raise Wrong("key, secret: give both, or neither to sign with the token again")
    desk.state.change_account(sid, shared_key=(given["key"], given["secret"]) if given else None)
    return {"account_sid": sid, "key": given.get("key")}


def set_debugger(desk: Desk, request: Request, body: dict[str, Any]) -> Any:
    """Say who is told of an account's alerts, as in the console's debugger; a blank `url` tells nobody."""
    given, sid = _only(body, frozenset({"url"})), request.path_params["account"]
    if sid not in desk.state.accounts:
        raise Wrong(f"account: {sid} is not here")
    return dump(desk.state.change_account(sid, debugger_url=given.get("url", "")))


def call_webhook(desk: Desk, _: Request, body: dict[str, Any]) -> Any:
    """Call any webhook, signed: `form` as its parameters, or `json` with the hash of it in the URL."""
    unknown = set(body) - {"url", "method", "form", "json", "account_sid"}
    form, account = body.get("form", {}), str(body.get("account_sid") or desk.state.settings.account_sid)
    if unknown or not isinstance(body.get("url"), str):
        raise Wrong(f"{', '.join(sorted(unknown)) or 'url'}: give url, and method, form, json, account_sid if need be")
    if body.get("method", "POST") not in ("GET", "POST"):
        raise Wrong(f"method: {body['method']!r}; use GET or POST")
    if not isinstance(form, dict) or not all(isinstance(value, str) for value in form.values()):
        raise Wrong('form: an object of texts such as {"CallSid": "CA…"}')
    if account not in desk.state.accounts:
        raise Wrong(f"account_sid: {account} is not here")
    raw = json.dumps(body["json"]).encode() if "json" in body else None
    webhook = desk.courier.webhook(account, body["url"], body.get("method", "POST"), tuple(form.items()))
    answer = desk.courier.call(account, replace(webhook, body=raw), "")
    text = answer.body.decode("utf-8", "replace") if answer else None
    return {"status": answer and answer.status, "content_type": answer and answer.content_type, "body": text}


HANDLERS: dict[tuple[str, str], Handler] = {
    ("GET", "/state"): show_state,
    ("DELETE", "/state"): reset,
    ("GET", "/faults"): list_faults,
    ("POST", "/faults"): add_fault,
    ("DELETE", "/faults"): clear_faults,
    ("GET", "/credentials"): show_credentials,
    ("POST", "/webhooks"): call_webhook,
    ("POST", "/accounts"): add_account,
    ("POST", "/accounts/{account}/shared-key"): share_key,
    ("POST", "/accounts/{account}/debugger"): set_debugger,
    ("POST", "/keys"): add_key,
    ("POST", "/numbers"): add_number,
    ("POST", "/numbers/{number}"): change_number,
    ("POST", "/numbers/{number}/inbound"): receive,
    ("POST", "/numbers/{number}/calls"): ring,
    ("POST", "/handsets/{number}"): change_handset,
}
