"""Webhooks that Twilio sends: verified before anything else is looked at, then put into the platform's envelope."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from ..connections.twilio import TwilioConnection
from ..connector.context import ActionContext
from ..connector.errors import ConnectionFailed, WebhookRejected
from ..connector.inputs import Inputs
from ..connector.payload import HttpResponse, Payload, TriggerResult, WebhookRequest
from ..connector.result import Example
from ..connector.twilio import form, signature
from .events import identities

EMPTY_TWIML = HttpResponse(content_type="text/xml; charset=utf-8", body="<Response/>")
"""The answer to which Twilio does nothing more."""

_BODY = {
    "AccountSid": "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6",
    "ApiVersion": "2010-04-01",
    "Body": "Hello",
    "From": "+15551234567",
    "MessageSid": "SM1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d",
    "NumMedia": "0",
    "NumSegments": "1",
    "SmsStatus": "received",
    "To": "+15557654321",
}
EXAMPLE: dict[str, Any] = Payload(
    headers={
        "Content-Type": form.CONTENT_TYPE,
        "I-Twilio-Idempotency-Token": "00000000-0000-4000-8000-000000000000",
        "User-Agent": "TwilioProxy/1.1",
        signature.SIGNATURE_HEADER: "0Example0Signature0000000000=",
    },
    raw_body=b"Body=Hello&From=%2B15551234567",
    body=_BODY,
    content_type=form.CONTENT_TYPE,
    webhook_urls={"Flow 1": "https://hooks.example.com/trigger/EXAMPLE"},
    webhook_api_keys={"Flow 1": ["abc-123"]},
).to_json()


class Webhook(Inputs):
    """Whose webhooks to accept."""

    twilio_connection: Annotated[
        TwilioConnection | None,
        Field(
            title="Connection",
            description="The Twilio connection whose Auth Token verifies the requests. Without it every request is refused. "
            "Requests for another account than its Account SID or Subaccount SID are refused too.",
        ),
    ] = None


def webhook(
    context: ActionContext, request: WebhookRequest, inputs: Webhook
) -> Annotated[TriggerResult, Example(EXAMPLE)]:
    """Accept what Twilio signed for this account: a form, JSON, or a GET. Raises WebhookRejected for all else."""
    _verify(request, inputs.twilio_connection)
    query = request.url.partition("#")[0].partition("?")[2]
    content_type = request.header("Content-Type") or ("" if signature.BODY_HASH in query else form.CONTENT_TYPE)
    said = _said(request, content_type, query)
    _check_account(said, inputs.twilio_connection)
    payload = Payload.of(
        context,
        headers=_headers(request),
        query_parameters=form.parameters(query.encode()) if query else None,
        raw_body=request.body,
        body=said,
        content_type=content_type or None,
        path_fragment=request.path_fragment,
    )
    is_call_or_text = request.method.upper() == "GET" or form.is_form(content_type)
    return TriggerResult(
        payload=payload,
        response=EMPTY_TWIML if is_call_or_text else None,
        dedupe=identities(request, said),
    )


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
    rejection = signature.verify(connection.tokens, request.url, request.body, request.headers, request.method)
    if rejection is not None:
        raise WebhookRejected(str(rejection), field="authToken" if rejection.part == "token" else None)


def _said(request: WebhookRequest, content_type: str, query: str) -> Any:
    """What Twilio says, parsed, whichever way it says it."""
    if request.method.upper() == "GET":
        return form.parameters(query.encode())
    if form.is_form(content_type) or not request.body:
        return form.parameters(request.body)
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        return request.body.decode(errors="replace")


def _check_account(said: Any, connection: TwilioConnection | None) -> None:
    account = said.get("AccountSid") if isinstance(said, Mapping) else None
    known = connection.accounts if connection else ()
    if account is not None and not (isinstance(account, str) and account in known):
        raise WebhookRejected(
            "AccountSid: the request is about another account than the connection's; give the connection its subaccountSid, "
            "or make one for that account",
            field="AccountSid",
        )


def _headers(request: WebhookRequest) -> dict[str, str]:
    """The headers as they came; one that repeats as HTTP joins it."""
    found: dict[str, str] = {}
    for name, value in request.headers:
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found
