"""Lookup v2: what is known of a number, made up but the same each time. https://www.twilio.com/docs/lookup/v2-api."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Any

from ..errors import TwilioError
from ..inventory import national
from ..parameters import COUNTRIES, geography
from ..rest import ApiRequest, ApiResponse, Operation

PRICE = 0.008  # US dollars for each package of data
SHORTEST, LONGEST, LENGTHS = 8, 15, {"US": 11, "GB": 12, "IN": 12, "FR": 11, "AU": 11}  # digits with the country's
NETWORKS = (("Local Mobile", "310", "260"), ("Demo Wireless", "310", "410"), ("Loopback Telecom", "234", "15"))
PREFIXES = {country: prefix for prefix, country in COUNTRIES.items()}


def _pick(number: str, count: int) -> int:
    return sha256(number.encode()).digest()[0] % count


def _line_type(number: str) -> dict[str, Any]:
    carrier, country, network = NETWORKS[_pick(number, len(NETWORKS))]
    kind = "tollFree" if number.startswith(("+1800", "+44808")) else "mobile"
    codes = {"mobile_country_code": country, "mobile_network_code": network}
    return codes | {"carrier_name": carrier, "type": kind, "error_code": None}


def _swap(number: str) -> dict[str, Any]:
    carrier, country, network = NETWORKS[_pick(number, len(NETWORKS))]
    last = {"last_sim_swap_date": None, "swapped_period": "PT24H", "swapped_in_period": False}
    codes = {"mobile_country_code": country, "mobile_network_code": network}
    return {"last_sim_swap": last, "carrier_name": carrier} | codes | {"error_code": None}


MATCHES = (
    "first_name",
    "last_name",
    "address_lines",
    "city",
    "state",
    "postal_code",
    "address_country",
    "national_id",
    "date_of_birth",
)
PACKAGES: dict[str, Callable[[str], dict[str, Any]]] = {
    "caller_name": lambda it: {"caller_name": f"HANDSET {it[-4:]}", "caller_type": "CONSUMER", "error_code": None},
    "line_type_intelligence": _line_type,
    "sim_swap": _swap,
    "call_forwarding": lambda _: {"call_forwarding_enabled": False, "error_code": None},
    "line_status": lambda _: {"status": "active", "error_code": None},
    "identity_match": lambda _: {
        **{f"{name}_match": "no_data_available" for name in MATCHES},
        "summary_score": 0,
        "error_code": None,
        "error_message": None,
    },
    "reassigned_number": lambda _: {"last_verified_date": None, "is_number_reassigned": "no", "error_code": None},
    "sms_pumping_risk": lambda it: {
        "carrier_risk_category": "low",
        "number_blocked": False,
        "number_blocked_date": None,
        "number_blocked_last_3_months": False,
        "sms_pumping_risk_score": _pick(it, 20),
        "error_code": None,
    },
    "phone_number_quality_score": lambda _: {"error_code": None},
    "pre_fill": lambda _: {"error_code": None},
}


def fetch_number(request: ApiRequest) -> ApiResponse:
    """Return what is known; a number that cannot be is answered too, with valid false and why."""
    account = request.account("lookups:read")
    wanted = [name for name in request.query.get("Fields", "").split(",") if name.strip()]
    unknown = [name for name in wanted if name not in (*PACKAGES, "validation")]
    if unknown:
        raise TwilioError(60200, f"Fields {', '.join(unknown)}; use {', '.join(PACKAGES)}")
    number = _international(request.ids["number"], request.query.get("CountryCode", "US").upper())
    wrong = _wrong(number)
    data = _known(number, wrong) if not wrong or wrong[0] != "NOT_A_NUMBER" else _nothing(number)
    for name, package in PACKAGES.items():
        data[name] = package(number) if name in wanted and not wrong else None
    used = sum(name in PACKAGES for name in wanted)
    request.state.ledger.charge(account, request.state.settings.clock(), "lookups", used, PRICE * used)
    return ApiResponse(data | {"url": f"{request.state.settings.url}/lookups/v2/PhoneNumbers/{number}"})


def _international(text: str, country: str) -> str:
    plain = re.sub(r"[\s().-]", "", text)
    if plain.startswith("+") or not plain.isdigit():
        return plain
    return f"{PREFIXES.get(country, '+1')}{plain.removeprefix('0')}"


def _wrong(number: str) -> list[str]:
    digits = number.removeprefix("+")
    if not digits.isascii() or not digits.isdigit():
        return ["NOT_A_NUMBER"]
    usual = LENGTHS.get(_country(number), 0)
    if len(digits) < (usual or SHORTEST):
        return ["TOO_SHORT"]
    if len(digits) > (usual or LONGEST):
        return ["TOO_LONG"]
    return ["INVALID_COUNTRY_CODE"] if digits.startswith("0") else []


def _country(number: str) -> str:
    return geography("To", number)[0][1]


def _known(number: str, wrong: list[str]) -> dict[str, Any]:
    country = _country(number)
    return {
        "calling_country_code": PREFIXES.get(country, "").removeprefix("+") or None,
        "country_code": country or None,
        "phone_number": number,
        "national_format": national(number)
        if number.startswith("+1")
        else number.replace(PREFIXES.get(country, "+"), "0"),
        "valid": not wrong,
        "validation_errors": wrong,
    }


def _nothing(number: str) -> dict[str, Any]:
    names = ("calling_country_code", "country_code", "national_format")
    return dict.fromkeys(names) | {"phone_number": number, "valid": False, "validation_errors": ["NOT_A_NUMBER"]}


ROUTES: dict[str, dict[str, Operation]] = {"/lookups/v2/PhoneNumbers/{number}": {"GET": fetch_number}}
