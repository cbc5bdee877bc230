"""Lookup: https://www.twilio.com/docs/lookup/v2-api."""

from ..resource import Resource

LOOKUPS = Resource(
    name="phone number",
    path="/v2/PhoneNumbers",
    items="",
    product="lookups",
    dates=frozenset(),
    example={
        "callForwarding": None,
        "callerName": None,
        "callingCountryCode": "1",
        "countryCode": "US",
        "identityMatch": None,
        "lineStatus": None,
        "lineTypeIntelligence": {
            "carrier_name": "Example Mobile",
            "error_code": None,
            "mobile_country_code": "310",
            "mobile_network_code": "456",
            "type": "mobile",
        },
        "nationalFormat": "(555) 123-4567",
        "phoneNumber": "+15551234567",
        "phoneNumberQualityScore": None,
        "preFill": None,
        "reassignedNumber": None,
        "simSwap": None,
        "smsPumpingRisk": None,
        "url": "https://lookups.twilio.com/v2/PhoneNumbers/+15551234567",
        "valid": True,
        "validationErrors": [],
    },
)
"""Addressed by the number itself, percent-encoded."""
