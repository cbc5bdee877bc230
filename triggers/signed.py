"""What Twilio signed: verified before anything else is looked at, then parsed, whichever way Twilio says it."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from ..connections.twilio import TwilioConnection
from ..connector.context import ActionContext
from ..connector.errors import ConnectionFailed, WebhookRejected
from ..connector.payload import HttpResponse, Payload, WebhookRequest
from ..connector.twilio import form, signature

EMPTY_TWIML = HttpResponse(content_type="text/xml; charset=utf-8", body="<Response/>")
"""The answer to which Twilio does nothing more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A verified request. ``said`` is what it says, parsed; ``is_form`` whether that are parameters, of a form or a query."""

    request: WebhookRequest
    said: Any
    content_type: str
    query: str
    is_form: bool

    def payload(self, context: ActionContext, body: Any) -> Payload:
        """The platform's envelope of the request, with ``body`` as what it says."""
        return Payload(
            context=context,
            headers=_headers(self.request),
            query_parameters=form.parameters(self.query.encode()) if self.query else None,
            raw_body=self.request.body,
            body=body,
            content_type=self.content_type or None,
            path_fragment=self.request.path_fragment,
        )


def hear(request: WebhookRequest, connection: TwilioConnection | None) -> Heard:
    """Verify and parse. Raises WebhookRejected for what Twilio did not sign, and for all without a connection."""
    _verify(request, connection)
    query = request.url.partition("#")[0].partition("?")[2]
    content_type = request.header("Content-Type") or ("" if signature.BODY_HASH in query else form.CONTENT_TYPE)
    is_get = request.method.upper() == "GET"
    said = form.parameters(query.encode()) if is_get else _said(request, content_type)
    return Heard(
        request=request, said=said, content_type=content_type, query=query, is_form=is_get or form.is_form(content_type)
    )


def check_account(known: Collection[str], *named: Any) -> None:
    """Raises WebhookRejected where none of the accounts that a request names is one of the connection's."""
    for account in named:
        if isinstance(account, str) and account in known:
            return
    raise WebhookRejected(
        "AccountSid: the request is about another account than the connection's; give the connection its subaccountSid, "
        "or make one for that account",
        field="AccountSid",
    )


def example(said: Any, body: Any) -> dict[str, Any]:
    """The envelope of an example request: a form of a mapping, JSON of a list; of the raw body only how it begins."""
    is_form = isinstance(said, Mapping)
    content_type = form.CONTENT_TYPE if is_form else "application/json"
    raw = urlencode(list(said.items())[:2]) if is_form else json.dumps(said)[:24]
    context = ActionContext(
        webhook_urls={"Flow 1": "https://hooks.example.com/trigger/EXAMPLE"}, webhook_api_keys={"Flow 1": ["abc-123"]}
    )
    return Payload(
        context=context,
        headers={
            "Content-Type": content_type,
            "I-Twilio-Idempotency-Token": "00000000-0000-4000-8000-000000000000",
            "User-Agent": "TwilioProxy/1.1",
            signature.SIGNATURE_HEADER: "0Example0Signature0000000000=",
        },
        raw_body=raw.encode(),
        body=body,
        content_type=content_type,
    ).to_json()


def sign(request: WebhookRequest, connection: TwilioConnection) -> WebhookRequest:
    """The request as Twilio would send it: for tests and simulations. Raises ConnectionFailed where nothing can sign."""
    content_type = request.header("Content-Type") or form.CONTENT_TYPE
    if request.method.upper() != "GET" and not form.is_form(content_type):
        request = replace(request, url=signature.with_body_hash(request.url, request.body))
    signed = request.body if request.method.upper() != "GET" else b""
    added = _signature_headers(connection, request.url, signed, content_type)
    return replace(request, headers=(*request.headers, *added))


def _signature_headers(
    connection: TwilioConnection, url: str, body: bytes, content_type: str
) -> tuple[tuple[str, str], ...]:
    if connection.signing_token:
        return ((signature.SIGNATURE_HEADER, signature.sign(connection.signing_token, url, body, content_type)),)
    if connection.shared_key_secret:
        algorithm = "HMAC_SHA256"
        signed = signature.sign(connection.shared_key_secret, url, body, content_type, algorithm)
        settings = f"key={connection.shared_key_name},algorithm={algorithm}"
        return ((signature.SIGNATURE_HEADER, signed), (signature.SETTINGS_HEADER, settings))
    raise ConnectionFailed("authToken: the connection has none, so nothing can be signed", field="authToken")


def _verify(request: WebhookRequest, connection: TwilioConnection | None) -> None:
    if connection is None:
        raise WebhookRejected(
            "twilioConnection: the trigger has no connection whose auth token could verify the request; give it one",
            field="twilioConnection",
        )
    rejection = signature.verify(connection.keys, request.url, request.body, request.headers, request.method)
    if rejection is not None:
        raise WebhookRejected(str(rejection), field="authToken" if rejection.part == "token" else None)


def _said(request: WebhookRequest, content_type: str) -> Any:
    if form.is_form(content_type) or not request.body:
        return form.parameters(request.body)
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        return request.body.decode(errors="replace")


def _headers(request: WebhookRequest) -> dict[str, str]:
    """The headers as they came; one that repeats as HTTP joins it."""
    found = dict(request.headers)
    if len(found) == len(request.headers):
        return found
    found.clear()
    for name, value in request.headers:
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found
