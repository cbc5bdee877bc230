"""Between them the actions offer all that Twilio's operations take; what they leave out is left out on purpose."""

from collections import defaultdict
from urllib.parse import parse_qsl, urlsplit

# Of every list: pages are followed by the addresses that Twilio gives, never made up.
PAGING = {"Page", "PageToken"}
DATES = {"StartDate", "EndDate"}
LEFT_OUT = {
    "api/CreateIncomingPhoneNumber": {"ApiVersion"},  # there is but one
    "api/CreateMessage": {"ForceDelivery", "TrafficType"},  # reserved, and for a few accounts: additionalParameters
    "api/ListApplication": {"FriendlyName"},  # exactly this name: a pick list looks for parts of names
    **{f"api/ListUsageRecord{it}": DATES for it in ("AllTime", "LastMonth", "ThisMonth", "Today", "Yesterday")},
    "api/UpdateIncomingPhoneNumber": {"ApiVersion"},
}


def test_every_parameter_of_an_operation_that_is_used_can_be_given(recorder, context, units, contract):
    for key in units.all:
        for given in units.cases(key).values():
            units.perform(key, given, context)
    missing = {key: parameters_of(contract.operations[key]) - names for key, names in said(recorder, contract).items()}
    assert {key: names for key, names in missing.items() if names} == LEFT_OUT


def said(recorder, contract):
    """The parameters that were given to each operation."""
    found = defaultdict(set)
    for request in recorder.requests:
        if operation := contract.find(request.method, request.url.partition("?")[0]):
            pairs = parse_qsl(f"{urlsplit(request.url).query}&{(request.body or b'').decode()}", keep_blank_values=True)
            found[operation[0].key] |= {name for name, _ in pairs}
    return found


def parameters_of(fact):
    return {*fact.get("query", ()), *fact.get("form", ())} - PAGING
