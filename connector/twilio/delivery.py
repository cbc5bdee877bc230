"""What becomes of a message after Twilio took it: the statuses that are final, and what the codes of failed ones mean.

Source: https://www.twilio.com/docs/api/errors; the table holds the codes that messages end with.
"""

from collections.abc import Mapping

ARRIVED = frozenset({"delivered", "read", "partially_delivered"})
FAILED = frozenset({"failed", "undelivered", "canceled"})
FINAL = ARRIVED | FAILED | {"received"}
"""``sent`` is none of them, though some carriers report nothing more."""

MEANINGS: Mapping[int, str] = {
    30001: "the sender's queue was full: send more slowly, or from more senders",
    30002: "the account was suspended before this was sent: look at it in the Twilio console",
    30003: "the phone is off, out of reach or gone: try again later",
    30004: "the carrier or the recipient blocks this sender: ask the recipient to unblock it",
    30005: "the number is not in service: check it",
    30006: "the number is a landline, or its carrier cannot be reached: take a mobile number, or call it",
    30007: "Twilio or the carrier filtered it as unwanted: change the text, and register the sender",
    30008: "the carrier gave no reason: try again; if it repeats, ask Twilio's support with the SIDs of three such messages",
    30009: "a part of the inbound message is missing: ask for it again",
    30010: "it would have cost more than maxPrice: raise it",
    30011: "this number takes no media: send text",
    30012: "the validity period is too short: give it more seconds",
    30013: "the validity period is too long: at most 36000 seconds",
    30015: "the channel is not supported: check the addresses",
    30017: "the carrier's network is congested: try again later",
    30018: "the country wants senders registered beforehand: register this one",
    30019: "the carrier takes nothing so large: shorten the text or the media",
    30020: "Twilio failed to schedule it: schedule it again",
    30021: "Twilio's messaging service failed: try again",
    30022: "more was sent than the 10DLC campaign allows in this time: send more slowly",
    30023: "the brand's daily 10DLC limit is used up: continue tomorrow",
    30024: "the number is not provisioned at this carrier: wait, or ask Twilio's support",
    30029: "contentRetention has a value that this account may not use: leave it blank",
    30030: "addressRetention has a value that this account may not use: leave it blank",
    30032: "the toll-free number is not verified: verify it in the Twilio console",
    30033: "the 10DLC campaign is suspended: look at it in the Twilio console",
    30034: "the sender is not registered for A2P 10DLC: register it",
    30036: "it waited longer than its validity period: send more slowly, or allow more seconds",
    30037: "sending is disabled for this account: ask Twilio's support",
    30038: "a one-time passcode was sent to a Twilio number, which Twilio does not allow",
    30039: "two numbers answer each other without end: stop one of them",
    30040: "the country wants alphanumeric senders registered: register this one",
    30041: "the United Kingdom wants this sender registered: register it",
    30042: "the sender's name is too general or has special characters: take another",
    30410: "the carrier did not answer in time: it was not tried again, so that it is not delivered twice",
    30450: "the number is blocked for now, perhaps by Twilio's protection against SMS pumping: try again later",
    30485: "the number cannot be reached for now: try again later",
    30500: "Twilio failed: try again",
    63001: "the channel does not accept Twilio's credentials: check the sender's registration",
    63002: "the channel does not know the sender: check it",
    63003: "the channel does not know the recipient: check that the number uses it",
    63005: "the channel does not take this content: change it",
    63006: "the content cannot be put in the channel's form: change it",
    63007: "Twilio knows no such sender on this channel: register it, or check its spelling",
    63008: "the channel is configured wrongly: look at it in the Twilio console",
    63009: "the channel failed: try again",
    63010: "Twilio's channel failed: try again",
    63012: "the channel failed: try again",
    63013: "it breaks the channel's policy: change the content",
    63014: "the recipient blocks it",
    63015: "the WhatsApp sandbox reaches only numbers that have joined it",
    63016: "WhatsApp takes free text only within 24 hours of the recipient's last message: send a template (contentSid)",
    63018: "the channel's limit is reached: send more slowly",
    63019: "the channel could not download the media: check mediaUrl",
    63020: "there is a problem with the business account at the channel: look at it there",
    63021: "the channel finds the content invalid: check the template and its variables",
    63024: "the recipient is not valid on this channel: check the number",
    63025: "the channel has this media already: send it again",
    63027: "the template does not exist in this language: check contentSid",
    63028: "the template has another number of variables: check contentVariables",
    63029: "the recipient's app could not load the template: send it again",
    63030: "the channel does not know a parameter of this kind of message: remove it",
    63031: "the sender and the recipient are the same",
    63032: "WhatsApp does not let this user be sent to for now",
    63033: "the recipient blocks this sender",
    63034: "the media is larger than the channel takes",
    63035: "the RCS sender is not launched, and the recipient is none of its testers",
    63036: "the number cannot be reached by RCS: give fallbackFrom",
    63038: "the account's limit of messages in 24 hours is reached: continue tomorrow",
    63040: "the template was rejected: change it and submit it again",
    63041: "the template is paused for its quality: change it",
    63042: "the template is disabled: take another",
    63049: "Meta chose not to deliver this marketing message: try again in a day, or send a utility template",
    63051: "the WhatsApp business account is locked: look at it at Meta",
}


def meaning(code: int | None) -> str | None:
    """What a code means and what to do; for one that is not in the table, where to read of it; None without a code."""
    if code is None:
        return None
    return MEANINGS.get(code, f"see https://www.twilio.com/docs/api/errors/{code}")
