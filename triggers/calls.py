"""What the webhooks of calls have in common. https://www.twilio.com/docs/voice/twiml#request-parameters."""

from typing import Any

from .parameters import Parameters

REQUIRED = ("CallSid", "From", "To", "CallStatus")


def call_of(said: Parameters) -> dict[str, Any]:
    """What Twilio says of a call whenever it calls a webhook."""
    return {
        "callSid": said.text("CallSid"),
        "parentCallSid": said.text("ParentCallSid"),
        "accountSid": said.text("AccountSid"),
        "channel": said.channel("From", "To", usual="phone"),
        "from": said.address("From"),
        "to": said.address("To"),
        "direction": said.text("Direction"),
        "status": said.text("CallStatus"),
        "callerName": said.text("CallerName"),
        "forwardedFrom": said.address("ForwardedFrom"),
        "answeredBy": said.text("AnsweredBy"),
        "stirVerstat": said.text("StirVerstat"),
        "geography": {"from": said.place("From"), "to": said.place("To")},
    }


SAID = {
    "CallSid": "CA1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d",
    "CallStatus": "ringing",
    "From": "+15551234567",
    "To": "+15557654321",
    "Direction": "inbound",
    "AccountSid": "ACa1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6",
    "FromCity": "SAN FRANCISCO",
    "FromState": "CA",
    "FromZip": "94105",
    "FromCountry": "US",
    "ApiVersion": "2010-04-01",
}
