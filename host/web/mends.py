"""What to do about an error, by its kind: told by the pages and the API alike."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mend:
    """``title`` says what it is in a few words, ``text`` what to do."""

    title: str
    text: str


MENDS: Mapping[str, Mend] = {
    "request": Mend("The request is wrong", "Mend the request: see /api/openapi.json."),
    "missing": Mend("It is not here", "It may have been removed; list what there is."),
    "access": Mend(
        "Not allowed",
        "Send a token that may do this: Authorization: Bearer tc_…; see twilio-connector token create.",
    ),
    "input": Mend(
        "An input is wrong",
        "Nothing was sent. Correct the input that is named where it was given: in the form or the request, or in the "
        "integration's file or configuration.",
    ),
    "integration": Mend("The integration is wrong", "Nothing was done. Mend the integration's files."),
    "connection": Mend(
        "Not with this connection",
        "Nothing was done. Open the connection, correct it and test it, or choose another.",
    ),
    "refused": Mend("The service refused it", "The service said no; the same request would be refused again."),
    "busy": Mend("It is being worked on", "Ask again after Retry-After seconds."),
    "retry": Mend(
        "Not now", "Nothing was done, so it is safe to try again, after the time that is given where one is."
    ),
    "database": Mend("Not now", "The database does not answer: repeat it in a moment."),
    "unknown": Mend("It may have been done", "Look at the service before you repeat it."),
    "vault": Mend("The vault cannot be opened", "Mend the vault's keys; the message says how."),
    "component": Mend(
        "The component is broken",
        "It has to be mended before anything can use it; the host's log says more.",
    ),
    "failed": Mend("It failed", "The message says what failed; the host's log says more."),
    "error": Mend("It failed", "The host's log says more."),
}
"""``error`` is of what nobody expected."""
