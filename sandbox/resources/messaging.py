"""Messaging services and the senders in their pools: https://www.twilio.com/docs/messaging/api/service-resource."""

from __future__ import annotations

from typing import Any

from .. import inventory, shapes
from ..errors import TwilioError
from ..parameters import geography
from ..products import Sender, Service
from ..records import Number
from ..rest import ApiRequest, ApiResponse, Operation, Resource
from ..sending import ALPHANUMERIC

LINKS = {
    "phone_numbers": "PhoneNumbers",
    "short_codes": "ShortCodes",
    "alpha_senders": "AlphaSenders",
    "channel_senders": "ChannelSenders",
    "destination_alpha_senders": "DestinationAlphaSenders",
    "messages": "Messages",
    "us_app_to_person": "Compliance/Usa2p",
    "us_app_to_person_usecases": "Compliance/Usa2p/Usecases",
}

SERVICES = Resource(
    product="messaging",
    path="/v1/Services",
    items="services",
    element="Service",
    prefix="MG",
    record=Service,
    shelf=lambda state: state.services,
    permission="services",
    shape=lambda _, path: {"links": {name: f"{path}/{tail}" for name, tail in LINKS.items()}},
    required=("friendly_name",),
    writable=(
        "friendly_name",
        "inbound_request_url",
        "inbound_method",
        "fallback_url",
        "fallback_method",
        "status_callback",
        "sticky_sender",
        "mms_converter",
        "smart_encoding",
        "scan_message_content",
        "fallback_to_long_code",
        "area_code_geomatch",
        "validity_period",
        "synchronous_validation",
        "usecase",
        "use_inbound_webhook_on_number",
    ),
)


def delete_service(request: ApiRequest) -> ApiResponse:
    """Delete a service and empty its pool."""
    service = SERVICES.find(request, "delete")
    for sender in request.state.senders.newest():
        if sender.service_sid == service.sid:
            request.state.senders.remove(sender.sid)
    return SERVICES.delete(request)


def _shape(it: Sender, _: str) -> dict[str, Any]:
    data: dict[str, Any] = {it.kind: it.address}
    if it.kind == "alpha_sender":
        return data | {"capabilities": ["SMS"]}
    able = inventory.offer(it.address).range if it.kind == "phone_number" else None
    capabilities = ["SMS", *(["MMS"] if able and able.mms else []), *(["Voice"] if able and able.voice else [])]
    country = geography("To", it.address)[0][1] or "US"
    return data | {"country_code": country, "capabilities": capabilities}


def _pool(path: str, items: str, kind: str, prefix: str) -> Resource[Sender]:
    return Resource(
        product="messaging",
        path=f"/v1/Services/{{service_sid}}/{path}",
        items=items,
        element=shapes.camel(kind),
        prefix=prefix,
        record=Sender,
        shelf=lambda state: state.senders,
        permission="services",
        shape=_shape,
        only=lambda it: it.kind == kind,
        parent=SERVICES,
    )


PHONE_NUMBERS = _pool("PhoneNumbers", "phone_numbers", "phone_number", "PN")
SHORT_CODES = _pool("ShortCodes", "short_codes", "short_code", "SC")
ALPHA_SENDERS = _pool("AlphaSenders", "alpha_senders", "alpha_sender", "AI")


def add_number(request: ApiRequest, pool: Resource[Sender]) -> ApiResponse:
    """Add one of the account's numbers. Raises TwilioError 21421, 21710, 21712."""
    account = request.account("services:create")
    service = SERVICES.find(request, "read", request.ids["service_sid"])
    number = _number(request, account, pool.prefix)
    known = request.state.senders.get(number.sid)
    if known is not None:
        raise TwilioError(21710 if known.service_sid == service.sid else 21712)
    kind = "phone_number" if pool.prefix == "PN" else "short_code"
    return pool.add(request, account, sid=number.sid, kind=kind, address=number.phone_number)


def _number(request: ApiRequest, account: str, prefix: str) -> Number:
    parameter = "PhoneNumberSid" if prefix == "PN" else "ShortCodeSid"
    sid = request.given(parameter) or ""
    number = request.state.numbers.get(sid)
    if number is None or number.account_sid != account or not sid.startswith(prefix):
        raise TwilioError(21421, sid or parameter)
    return number


def add_name(request: ApiRequest) -> ApiResponse:
    account, name = request.account("services:create"), request.given("AlphaSender") or ""
    service = SERVICES.find(request, "read", request.ids["service_sid"])
    if not ALPHANUMERIC.fullmatch(name):
        raise TwilioError(21212, name)
    if any(it.service_sid == service.sid and it.address == name for it in request.state.senders.newest()):
        raise TwilioError(21710)
    return ALPHA_SENDERS.add(request, account, kind="alpha_sender", address=name)


ROUTES: dict[str, dict[str, Operation]] = {
    **SERVICES.routes(
        list=SERVICES.list,
        create=SERVICES.create,
        fetch=SERVICES.fetch,
        update=SERVICES.update,
        delete=delete_service,
    ),
    **PHONE_NUMBERS.routes(
        list=PHONE_NUMBERS.list,
        create=lambda it: add_number(it, PHONE_NUMBERS),
        fetch=PHONE_NUMBERS.fetch,
        delete=PHONE_NUMBERS.delete,
    ),
    **SHORT_CODES.routes(
        list=SHORT_CODES.list,
        create=lambda it: add_number(it, SHORT_CODES),
        fetch=SHORT_CODES.fetch,
        delete=SHORT_CODES.delete,
    ),
    **ALPHA_SENDERS.routes(
        list=ALPHA_SENDERS.list, create=add_name, fetch=ALPHA_SENDERS.fetch, delete=ALPHA_SENDERS.delete
    ),
}
