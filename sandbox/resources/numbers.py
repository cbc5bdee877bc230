"""Phone numbers: those of the account, and those to be had."""

from __future__ import annotations

from .. import forms, inventory, shapes
from ..access import permit
from ..errors import TwilioError
from ..inventory import Offer
from ..records import Number
from ..rest import ACCOUNT, ApiRequest, ApiResponse, Operation

WRITABLE = (
    "friendly_name",
    "sms_application_sid",
    "sms_fallback_method",
    "sms_fallback_url",
    "sms_method",
    "sms_url",
    "status_callback",
    "status_callback_method",
    "voice_application_sid",
    "voice_caller_id_lookup",
    "voice_fallback_method",
    "voice_fallback_url",
    "voice_method",
    "voice_url",
    "voice_receive_mode",
    "emergency_status",
    "emergency_address_sid",
    "trunk_sid",
    "identity_sid",
    "address_sid",
    "bundle_sid",
)
UNAVAILABLE, INVALID = "+15005550000", "+15005550001"  # magic numbers, when bought
NO_AREA = "533"  # the area code that has none
NUMBER_PRICE = 1.15  # US dollars a month


def list_numbers(request: ApiRequest, kind: str = "") -> ApiResponse:
    account, query = request.account("numbers:read"), request.query
    wanted = (
        number
        for number in reversed(request.state.numbers.values())
        if number.account_sid == account
        and number.phone_number.startswith("+")
        and kind in ("", number.kind)
        and inventory.matches(number.phone_number, query.get("PhoneNumber", ""))
        and query.get("FriendlyName") in (None, "", number.friendly_name)
    )
    return ApiResponse(request.envelope("incoming_phone_numbers", wanted, shapes.number), name="IncomingPhoneNumbers")


def fetch_number(request: ApiRequest) -> ApiResponse:
    return ApiResponse(shapes.number(_number(request, "numbers:read")), name="IncomingPhoneNumber")


def update_number(request: ApiRequest) -> ApiResponse:
    number = _number(request, "numbers:update")
    changes = forms.read(Number, WRITABLE, request.form)
    if owner := request.given("AccountSid"):  # hands it to another account of the same owner
        permit(request.state, request.caller, owner, "numbers:update")
        changes["account_sid"] = owner
    return ApiResponse(shapes.number(request.state.change_number(number.sid, **changes)), name="IncomingPhoneNumber")


def buy_number(request: ApiRequest, kind: str = "") -> ApiResponse:
    """Buy a number, or any of an area code. Raises TwilioError 21421, 21422, 21452."""
    account, changes = request.account("numbers:create"), forms.read(Number, WRITABLE, request.form)
    wanted, area = request.given("PhoneNumber") or "", request.given("AreaCode") or ""
    if not wanted and not area:
        raise TwilioError(20001, "PhoneNumber or AreaCode: give one of them")
    offer = _by_number(request, wanted) if wanted else _by_area(request, area)
    if kind not in ("", offer.kind):
        raise TwilioError(21422, offer.phone_number)
    now = request.state.settings.clock()
    number = request.state.add_number(
        offer.phone_number, account, **{"friendly_name": offer.friendly_name, "kind": offer.kind} | changes
    )
    request.state.ledger.charge(account, now, "phonenumbers", 1, NUMBER_PRICE)
    return ApiResponse(shapes.number(number), 201, "IncomingPhoneNumber")


def _by_number(request: ApiRequest, wanted: str) -> Offer:
    if wanted == INVALID or not inventory.is_number(wanted):
        raise TwilioError(21421, wanted)
    if wanted == UNAVAILABLE or request.state.number(wanted) is not None:
        raise TwilioError(21422, wanted)
    return inventory.offer(wanted)


def _by_area(request: ApiRequest, area: str) -> Offer:
    taken = {number.phone_number for number in request.state.numbers.values()}
    found = next(
        (it for it in inventory.offers("US", "local", {"AreaCode": area}) if it.phone_number not in taken), None
    )
    if area == NO_AREA or found is None:
        raise TwilioError(21452, area)
    return found


def release_number(request: ApiRequest) -> ApiResponse:
    request.state.remove_number(_number(request, "numbers:delete").sid)
    return ApiResponse({}, 204)


def _number(request: ApiRequest, permission: str) -> Number:
    account = request.account(permission)
    number = request.state.numbers.get(request.ids["sid"])
    if number is None or number.account_sid != account or not number.sid.startswith("PN"):
        raise request.missing()
    return number


# -- those to be had


def list_countries(request: ApiRequest) -> ApiResponse:
    account = request.account("numbers:read")
    countries = [_country(account, code) for code in inventory.COUNTRIES]
    path = f"{request.path}.json"
    return ApiResponse({"countries": countries, "uri": path}, name="Countries")


def fetch_country(request: ApiRequest) -> ApiResponse:
    return ApiResponse(_country(request.account("numbers:read"), _code(request)), name="Country")


def _code(request: ApiRequest) -> str:
    code = request.ids["country"].upper()
    if code not in inventory.COUNTRIES:
        raise request.missing()
    return code


def _country(account: str, code: str) -> dict[str, object]:
    path = f"{ACCOUNT.format(account_sid=account)}/AvailablePhoneNumbers/{code}"
    name, kinds = inventory.COUNTRIES[code]
    return {
        "country_code": code,
        "country": name,
        "uri": f"{path}.json",
        "beta": False,
        "subresource_uris": {kind.replace("-", "_"): f"{path}/{KINDS[kind]}.json" for kind in kinds},
    }


def search(request: ApiRequest, kind: str) -> ApiResponse:
    account, code = request.account("numbers:read"), _code(request)
    if kind not in inventory.COUNTRIES[code][1]:
        raise request.missing()
    taken = {number.phone_number for number in request.state.numbers.values()}
    size = forms.number("PageSize", request.query.get("PageSize", "30"))
    found = (it for it in inventory.offers(code, kind, request.query) if it.phone_number not in taken)
    data = [inventory.shape(it) for it, _ in zip(found, range(max(size, 1)), strict=False)]
    uri = f"{ACCOUNT.format(account_sid=account)}/AvailablePhoneNumbers/{code}/{KINDS[kind]}.json"
    return ApiResponse({"available_phone_numbers": data, "uri": uri}, name="AvailablePhoneNumbers")


# -- short codes


def list_short_codes(request: ApiRequest) -> ApiResponse:
    account, query = request.account("numbers:read"), request.query
    wanted = (
        number
        for number in reversed(request.state.numbers.values())
        if number.account_sid == account
        and number.sid.startswith("SC")
        and query.get("ShortCode") in (None, "", number.phone_number)
        and query.get("FriendlyName") in (None, "", number.friendly_name)
    )
    return ApiResponse(request.envelope("short_codes", wanted, shapes.short_code), name="ShortCodes")


def fetch_short_code(request: ApiRequest) -> ApiResponse:
    account, number = request.account("numbers:read"), request.state.numbers.get(request.ids["sid"])
    if number is None or number.account_sid != account or not number.sid.startswith("SC"):
        raise request.missing()
    return ApiResponse(shapes.short_code(number), name="ShortCode")


OWNED_KINDS = {"local": "Local", "mobile": "Mobile", "toll-free": "TollFree"}
KINDS = OWNED_KINDS | {"national": "National"}
OWNED, AVAILABLE = f"/api{ACCOUNT}/IncomingPhoneNumbers", f"/api{ACCOUNT}/AvailablePhoneNumbers"


def _owned(kind: str) -> dict[str, Operation]:
    return {"GET": lambda it: list_numbers(it, kind), "POST": lambda it: buy_number(it, kind)}


def _available(kind: str) -> dict[str, Operation]:
    return {"GET": lambda it: search(it, kind)}


ROUTES: dict[str, dict[str, Operation]] = {
    OWNED: {"GET": list_numbers, "POST": buy_number},
    **{f"{OWNED}/{tail}": _owned(kind) for kind, tail in OWNED_KINDS.items()},
    **{f"{AVAILABLE}/{{country}}/{tail}": _available(kind) for kind, tail in KINDS.items()},
    f"{OWNED}/{{sid}}": {"GET": fetch_number, "POST": update_number, "DELETE": release_number},
    AVAILABLE: {"GET": list_countries},
    f"{AVAILABLE}/{{country}}": {"GET": fetch_country},
    f"/api{ACCOUNT}/SMS/ShortCodes": {"GET": list_short_codes},
    f"/api{ACCOUNT}/SMS/ShortCodes/{{sid}}": {"GET": fetch_short_code},
}
