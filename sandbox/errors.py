"""Twilio's refusals, by Twilio's own numbers: https://www.twilio.com/docs/api/errors."""

from __future__ import annotations

from typing import Any

# code → HTTP status and message; `{}` is filled with the value that was refused.
CATALOG: dict[int, tuple[int, str]] = {
    20001: (400, "{}"),
    20003: (401, "Authenticate"),
    20004: (405, "Method not allowed"),
    20005: (403, "Account is not active"),
    20009: (400, "Cannot delete this resource before it is complete"),
    20404: (404, "The requested resource {} was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "Internal Server Error"),
    20503: (503, "Service is unavailable. Please try again"),
    21201: (400, "No 'To' number is specified"),
    21205: (400, "Url parameter is required."),
    21210: (400, "The source phone number provided, {}, is not yet verified for your account."),
    21211: (400, "Invalid 'To' Phone Number: {}"),
    21212: (400, "The 'From' number {} is not a valid phone number, shortcode, or alphanumeric sender ID."),
    21213: (400, "No 'From' number is specified"),
    21214: (400, "The phone number you are attempting to call, {}, cannot be reached."),
    21215: (400, "Account not authorized to call {}. Perhaps you need to enable some international permissions"),
    21216: (400, "Account not allowed to call {}"),
    21217: (400, "The phone number you are attempting to call, {}, is not valid."),
    21218: (400, "ApplicationSid is not accessible: {}"),
    21220: (400, "Call is not in-progress. Cannot redirect."),
    21266: (400, "'To' and 'From' number cannot be the same"),
    21408: (400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {}"),
    21421: (400, "{} is not valid"),
    21422: (400, "{} is not available."),
    21452: (400, "No phone numbers found in area code {}"),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (
        400,
        "The From phone number {} is not a valid, SMS-capable inbound phone number or short code for your account.",
    ),
    21609: (400, "The StatusCallback URL {} is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (429, "SMS queue is full."),
    21612: (400, "The 'To' phone number: {}, is not currently reachable via SMS from the 'From' number."),
    21614: (400, "To number: {}, is not a mobile number"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21619: (400, "A text message body or media urls must be specified."),
    21620: (400, "Invalid media URL(s): {}"),
    21623: (400, "Number of media files exceeds allowed limit"),
    21626: (400, "Invalid 'StatusCallbackEvent': {}"),
    21655: (400, "The ContentSid is Invalid"),
    21656: (400, "The ContentVariables parameter is invalid."),
    21701: (404, "The Messaging Service {} does not exist."),
    21703: (400, "The Messaging Service does not contain any phone numbers."),
    21710: (409, "Phone Number or Short Code is already in the Messaging Service."),
    21712: (409, "Phone Number or Short Code is associated with another Messaging Service."),
    21715: (400, "Phone Number Does Not Have Correct Messaging Service Capabilities"),
    21910: (400, "Invalid From and To pair. From and To should be of the same channel"),
    30409: (400, "This message cannot be canceled: {}"),
    35114: (400, "Scheduling does not support this timestamp: {}"),
    60200: (400, "Invalid parameter: {}"),
    60202: (429, "Max check attempts reached"),
    60203: (429, "Max send attempts reached"),
    60204: (400, "Service does not support this feature: {}"),
    60205: (403, "SMS is not supported by landline phone number"),
    60212: (429, "Too many concurrent requests for phone number"),
    91003: (400, "Account has reached the maximum of 100 sinks"),
    91007: (400, "Sink cannot be deleted because it is still in use"),
    63007: (400, "Twilio could not find a Channel with the specified From address"),
    70051: (403, "Authorization error: this API key lacks the permission {}"),
}
DELIVERY = {
    30001: "Queue overflow",
    30002: "Account suspended",
    30003: "Unreachable destination handset",
    30004: "Message blocked",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Message filtered",
    30008: "Unknown error",
    30034: "Message from an unregistered number",
    30036: "Validity period expired",
    63016: "Failed to send freeform message because you are outside the allowed window",
}


class TwilioError(Exception):
    """A refusal. `str()` is Twilio's message; `body()` is what goes over the wire."""

    def __init__(self, code: int, value: str = "", *, status: int | None = None) -> None:
        usual, message = CATALOG[code]
        super().__init__(message.replace("{}", value))
        self.code = code
        self.status = status or usual

    def body(self) -> dict[str, Any]:
        more_info = f"https://www.twilio.com/docs/errors/{self.code}"
        return {"code": self.code, "message": str(self), "more_info": more_info, "status": self.status}
