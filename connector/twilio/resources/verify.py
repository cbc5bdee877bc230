"""Verify: https://www.twilio.com/docs/verify/api."""

from ..resource import ACCOUNT_SID, Resource, example_sid

_SERVICE = f"https://verify.twilio.com/v2/Services/{example_sid('VA')}"
_DATES = {"dateCreated": "2026-03-15T14:32:10.000Z", "dateUpdated": "2026-03-15T14:32:10.000Z"}
_VERIFICATION = {
    "accountSid": ACCOUNT_SID,
    "amount": None,
    "channel": "sms",
    **_DATES,
    "payee": None,
    "serviceSid": example_sid("VA"),
    "sid": example_sid("VE"),
    "to": "+15551234567",
}

VERIFY_SERVICES = Resource(
    name="Verify service",
    path="/v2/Services",
    items="services",
    product="verify",
    example={
        "accountSid": ACCOUNT_SID,
        "codeLength": 6,
        "customCodeEnabled": False,
        **_DATES,
        "defaultTemplateSid": None,
        "doNotShareWarningEnabled": False,
        "dtmfInputRequired": True,
        "friendlyName": "Example Shop",
        "links": {"verifications": f"{_SERVICE}/Verifications"},
        "lookupEnabled": False,
        "passkeys": None,
        "psd2Enabled": False,
        "push": None,
        "sid": example_sid("VA"),
        "skipSmsToLandlines": False,
        "totp": None,
        "ttsName": None,
        "url": _SERVICE,
        "verifyEventSubscriptionEnabled": False,
        "whatsapp": None,
    },
)

VERIFICATIONS = Resource(
    name="verification",
    path="/v2/Services/{service_sid}/Verifications",
    items="verifications",
    product="verify",
    example=_VERIFICATION
    | {
        "lookup": {},
        "sendCodeAttempts": [
            {"attempt_sid": example_sid("VL"), "channel": "SMS", "time": "2026-03-15T14:32:10.000Z"},
        ],
        "sna": None,
        "status": "pending",
        "url": f"{_SERVICE}/Verifications/{example_sid('VE')}",
        "valid": False,
    },
)

VERIFICATION_CHECKS = Resource(
    name="verification check",
    path="/v2/Services/{service_sid}/VerificationCheck",
    items="",
    product="verify",
    example=_VERIFICATION | {"snaAttemptsErrorCodes": [], "status": "approved", "valid": True},
)
