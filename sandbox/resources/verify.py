"""Verify v2: its code is a text on the phone page. https://www.twilio.com/docs/verify/api/verification."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta
from typing import Any

from .. import forms, shapes
from ..errors import TwilioError
from ..inventory import E164
from ..products import Verification, VerifyService
from ..records import Message
from ..rest import ApiRequest, ApiResponse, Operation, Resource
from ..segments import count
from ..settings import new_sid

SENDER = "VERIFY"  # who the code comes from; Twilio sends it from numbers of its own
CHANNELS = ("sms", "call", "email", "whatsapp", "sna", "auto", "rcs")
LASTS, MAX_SENDS, MAX_CHECKS = timedelta(minutes=10), 5, 5
CODE_LENGTHS = range(4, 11)
LINKS = {
    "verification_checks": "VerificationCheck",
    "verifications": "Verifications",
    "rate_limits": "RateLimits",
    "messaging_configurations": "MessagingConfigurations",
    "entities": "Entities",
    "webhooks": "Webhooks",
    "access_tokens": "AccessTokens",
}


def _service_shape(_: VerifyService, path: str) -> dict[str, Any]:
    passkeys = {"relying_party": dict.fromkeys(("id", "name", "origins")), "authenticator_attachment": None}
    return {
        "push": {"include_date": False, "apn_credential_sid": None, "fcm_credential_sid": None},
        "totp": dict.fromkeys(("issuer", "time_step", "code_length", "skew")),
        "whatsapp": dict.fromkeys(("msg_service_sid", "from")),
        "passkeys": passkeys | {"discoverable_credentials": None, "user_verification": None},
        "links": {name: f"{path}/{tail}" for name, tail in LINKS.items()},
    }


SERVICES = Resource(
    product="verify",
    path="/v2/Services",
    items="services",
    element="Service",
    prefix="VA",
    record=VerifyService,
    shelf=lambda state: state.verify_services,
    permission="verify",
    shape=_service_shape,
    required=("friendly_name",),
    writable=(
        "friendly_name",
        "code_length",
        "lookup_enabled",
        "psd2_enabled",
        "skip_sms_to_landlines",
        "dtmf_input_required",
        "tts_name",
        "do_not_share_warning_enabled",
        "custom_code_enabled",
        "default_template_sid",
        "verify_event_subscription_enabled",
    ),
)


def checked(operation: Operation) -> Operation:
    """Refuse a CodeLength out of range, before `operation`."""

    def run(request: ApiRequest) -> ApiResponse:
        length = request.given("CodeLength")
        if length is not None and forms.number("CodeLength", length) not in CODE_LENGTHS:
            raise TwilioError(60200, "CodeLength must be 4 to 10")
        return operation(request)

    return run


VERIFICATIONS = Resource(
    product="verify",
    path="/v2/Services/{service_sid}/Verifications",
    items="verifications",
    element="Verification",
    prefix="VE",
    record=Verification,
    shelf=lambda state: state.verifications,
    permission="verify",
    shape=lambda _, __: {"lookup": {}, "sna": None},
    parent=SERVICES,
)


def _service(request: ApiRequest) -> VerifyService:
    return SERVICES.find(request, "read", request.ids["service_sid"])


def start(request: ApiRequest) -> ApiResponse:
    """Send a code, or the same code again while it is good. Raises TwilioError 60200, 60203, 60204."""
    account, service = request.account("verify:create"), _service(request)
    to, channel = _recipient(request), (request.given("Channel") or "").lower()
    if channel not in CHANNELS:
        raise TwilioError(60200, f"Channel must be one of {', '.join(CHANNELS)}")
    pending = _pending(request, service, to)
    if pending is not None and len(pending.send_code_attempts) >= MAX_SENDS:
        raise TwilioError(60203)
    code = pending.code if pending else _code(request, service)
    attempt = {"time": shapes.iso(request.state.settings.clock()) or "", "channel": channel.upper()}
    attempt |= {"attempt_sid": new_sid("VL")}
    _send(request, service, to, code, channel)
    if pending is not None:
        changes: dict[str, Any] = {"channel": channel, "send_code_attempts": (*pending.send_code_attempts, attempt)}
        again = request.state.verifications.change(pending.sid, **changes) or pending
        return ApiResponse(VERIFICATIONS.shown(again, request.state), 201, "Verification")
    return VERIFICATIONS.add(
        request,
        account,
        to=to,
        channel=channel,
        code=code,
        amount=request.given("Amount"),
        payee=request.given("Payee"),
        send_code_attempts=(attempt,),
    )


def _recipient(request: ApiRequest) -> str:
    to, channel = (request.given("To") or "").strip(), (request.given("Channel") or "").lower()
    good = re.fullmatch(r"[^@\s]+@[^@\s]+", to) if channel == "email" else E164.fullmatch(to)
    if not good:
        raise TwilioError(60200, f"To: {to}" if to else "To is required")
    return to


def _code(request: ApiRequest, service: VerifyService) -> str:
    custom = request.given("CustomCode")
    if custom is None:
        return f"{secrets.randbelow(10**service.code_length):0{service.code_length}d}"
    if not service.custom_code_enabled:
        raise TwilioError(60204, "CustomCode")
    if not re.fullmatch(r"[A-Za-z0-9]{4,10}", custom):
        raise TwilioError(60200, "CustomCode has 4 to 10 letters and digits")
    return custom


def _send(request: ApiRequest, service: VerifyService, to: str, code: str, channel: str) -> None:
    """Put the code on the phone page. It is a message of no account: Twilio's own, which no list shows."""
    now, body = request.state.settings.clock(), f"Your {service.friendly_name} verification code is: {code}"
    request.state.save(
        Message(
            sid=new_sid("SM"),
            account_sid="",
            direction="outbound-api",
            to=f"whatsapp:{to}" if channel == "whatsapp" else to,
            from_=SENDER,
            body=body,
            status="queued",
            created=now,
            updated=now,
            num_segments=count(body),
        ),
    )


def _pending(request: ApiRequest, service: VerifyService, wanted: str) -> Verification | None:
    """Find the verification that waits for its code, by its SID or by whom it went to; it lasts ten minutes."""
    now = request.state.settings.clock()
    for known in request.state.verifications.newest():
        if known.service_sid == service.sid and wanted in (known.sid, known.to) and known.status == "pending":
            return known if now - known.created <= LASTS else None
    return None


def _found(request: ApiRequest, wanted: str) -> Verification:
    found = _pending(request, _service(request), wanted)
    if found is None:
        raise request.missing()
    return found


def fetch(request: ApiRequest) -> ApiResponse:
    request.account("verify:read")
    return ApiResponse(VERIFICATIONS.shown(_found(request, request.ids["sid"]), request.state), name="Verification")


def update(request: ApiRequest) -> ApiResponse:
    """Cancel it, or approve it without its code."""
    request.account("verify:update")
    known, status = _found(request, request.ids["sid"]), request.given("Status") or ""
    if status not in ("canceled", "approved"):
        raise TwilioError(60200, "Status must be canceled or approved")
    changed = request.state.verifications.change(known.sid, status=status, valid=status == "approved")
    return ApiResponse(VERIFICATIONS.shown(changed or known, request.state), name="Verification")


def check(request: ApiRequest) -> ApiResponse:
    """Compare a code. A wrong one leaves it pending; the sixth try is refused with 60202."""
    request.account("verify:create")
    code, wanted = request.given("Code") or "", request.given("VerificationSid") or request.given("To") or ""
    if not wanted:
        raise TwilioError(60200, "Either To or VerificationSid is required")
    if not code:
        raise TwilioError(60200, "Code")
    known = _found(request, wanted.strip())
    if known.checks >= MAX_CHECKS:
        raise TwilioError(60202)
    right = secrets.compare_digest(code.encode(), known.code.encode())
    status = "approved" if right else "pending"
    changed = request.state.verifications.change(known.sid, status=status, valid=right, checks=known.checks + 1)
    shown = VERIFICATIONS.shown(changed or known, request.state) | {"sna_attempts_error_codes": []}
    hidden = ("lookup", "sna", "send_code_attempts", "url")
    return ApiResponse({key: value for key, value in shown.items() if key not in hidden}, 201, "VerificationCheck")


ROUTES: dict[str, dict[str, Operation]] = {
    **SERVICES.routes(
        list=SERVICES.list,
        create=checked(SERVICES.create),
        fetch=SERVICES.fetch,
        update=checked(SERVICES.update),
        delete=SERVICES.delete,
    ),
    **VERIFICATIONS.routes(create=start, fetch=fetch, update=update),
    "/verify/v2/Services/{service_sid}/VerificationCheck": {"POST": check},
}
