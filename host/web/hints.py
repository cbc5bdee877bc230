"""What to do about it: sentences for what goes wrong often."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ..store.refusals import Refusal
from .access import LOOPBACK_NAMES
from .mends import MENDS, Mend


def about_refusals(refusals: Sequence[Refusal], public_url: str) -> str:
    """The likely cause of refused requests; empty where there is none to name."""
    signed = next((refusal.signed_url for refusal in refusals if refusal.signed_url), "")
    if signed:
        base = signed.rpartition("/trigger/")[0]
        return (
            f"The address is the cause: a request was signed for {signed}, but this host verifies against {public_url}. "
            f"Start it with TWILIO_CONNECTOR_PUBLIC_URL={base}, or give the sender the address that the host believes in."
        )
    if not any("signature" in refusal.reason.lower() for refusal in refusals):
        return ""
    if urlsplit(public_url).hostname in LOOPBACK_NAMES:
        return (
            f"The sender signs the address that it calls, and this host believes that to be {public_url}, which is "
            "reached from this machine alone. If it comes through a tunnel or a proxy, start the host with "
            "TWILIO_CONNECTOR_PUBLIC_URL set to the address that you gave the sender."
        )
    return (
        f"The sender signs the address that it calls: compare {public_url} with the one in its settings, letter by "
        "letter. If they agree, the connection's token is not the account's current one."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """An error as a page shows it."""

    message: str
    kind: str = "error"
    title: str = ""
    mend: str = ""
    code: str = ""
    link: str = ""
    request_id: str = ""

    @classmethod
    def of(cls, error: Mapping[str, Any] | None) -> "Trouble | None":
        """From the stored form of an error."""
        if not error:
            return None
        link, kind = str(error.get("moreInfo") or ""), str(error.get("kind"))
        known = MENDS.get(kind, Mend("It failed", ""))
        return cls(
            message=str(error.get("message") or "It failed."),
            kind=kind,
            title=known.title,
            mend=known.text,
            code=str(error.get("code") or ""),
            link=link if link.startswith("https://") else "",
            request_id=str(error.get("requestId") or ""),
        )
