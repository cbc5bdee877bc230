"""The resources of the 2010 API: one plain function an operation, from a call to what is answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from . import dates, shapes
from .access import Caller, permit
from .errors import TwilioError
from .paging import Pager
from .records import UNFINISHED, Media, Message, Number
from .sending import compose
from .state import State


@dataclass(frozen=True, slots=True)
class Call:
    """One authenticated request."""

    state: State
    caller: Caller
    path: str  # without product and extension
    ids: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, Sequence[str]]
    canceled: Callable[[Message], None] = field(default=lambda _: None)

    def account(self, permission: str) -> str:
        """Return the account in the path once `permission` is checked."""
        permit(self.state, self.caller, self.ids["account"], permission)
        return self.ids["account"]

    def given(self, name: str) -> str | None:
        return self.form[name][-1] if name in self.form else None

    def pager(self, order: Callable[[Any], int]) -> Pager[Any]:
        return Pager(f"{self.path}.json", self.query, order, self.state.settings.auth_token.encode())


@dataclass(frozen=True, slots=True)
class Reply:
    data: dict[str, Any]
    status: int = 200
    name: str = ""  # of the element, where the path asks for XML
    raw: Media | None = None


# -- messages


def create_message(call: Call) -> Reply:
    message = compose(call.state, call.account("messages:create"), call.form)
    return Reply(shapes.message(call.state.save(message)), 201, "Message")


def list_messages(call: Call) -> Reply:
    messages = call.state.messages(call.account("messages:read"))
    wanted = [message for message in messages if _matches(call.query, message)]
    pager = call.pager(lambda message: message.order)
    return Reply(pager.envelope("messages", pager.page(wanted), shapes.message), name="Messages")


def _matches(query: Mapping[str, str], message: Message) -> bool:
    return (
        query.get("To") in (None, "", message.to)
        and query.get("From") in (None, "", message.from_)
        and all(test(query[name])(message.sent) for name, test in DATE_FILTERS.items() if query.get(name))
    )


DATE_FILTERS: dict[str, Callable[[str], dates.Test]] = {
    "DateSent": lambda text: dates.on("DateSent", text),
    "DateSent<": lambda text: dates.on_or_before("DateSent<", text),
    "DateSent>": lambda text: dates.on_or_after("DateSent>", text),
}


def fetch_message(call: Call) -> Reply:
    return Reply(shapes.message(_message(call, "messages:read")), name="Message")


def update_message(call: Call) -> Reply:
    """Redact with `Body=`, or cancel what is scheduled with `Status=canceled`."""
    message = _message(call, "messages:update")
    if call.given("Status") is not None:
        return Reply(shapes.message(_cancel(call, message)), name="Message")
    if call.given("Body") != "":
        raise TwilioError(20001, "Body can only be emptied, and Status only be set to canceled")
    if message.status in UNFINISHED:
        raise TwilioError(20009)
    changed = call.state.change(message.sid, body="", media=())
    return Reply(shapes.message(changed or message), name="Message")


def _cancel(call: Call, message: Message) -> Message:
    if call.given("Status") != "canceled":
        raise TwilioError(20001, "Status can only be set to canceled")
    changed = call.state.change(message.sid, only_from=frozenset({"scheduled"}), status="canceled")
    if changed is None:
        raise TwilioError(30409, message.sid)
    call.canceled(changed)
    return changed


def delete_message(call: Call) -> Reply:
    message = _message(call, "messages:delete")
    if message.status in UNFINISHED:
        raise TwilioError(20009)
    call.state.remove(message.sid)
    return Reply({}, 204)


def _message(call: Call, permission: str) -> Message:
    account = call.account(permission)
    message = call.state.message(call.ids["sid"])
    if message is None or message.account_sid != account:
        raise TwilioError(20404, f"{call.path}.json")
    return message


# -- media


def list_media(call: Call) -> Reply:
    message = _message(call, "messages:read")
    pager = call.pager(message.media.index)
    page = pager.page(message.media[::-1])
    return Reply(pager.envelope("media_list", page, lambda it: shapes.media(it, message)), name="MediaList")


def fetch_media(call: Call) -> Reply:
    """Without an extension the bytes, with `.json` what they are."""
    message = _message(call, "messages:read")
    for media in message.media:
        if media.sid == call.ids["media"]:
            return Reply(shapes.media(media, message), name="Media", raw=media)
    raise TwilioError(20404, f"{call.path}.json")


# -- numbers

NUMBER_FIELDS = {
    "FriendlyName": "friendly_name",
    "SmsUrl": "sms_url",
    "SmsMethod": "sms_method",
    "SmsFallbackUrl": "sms_fallback_url",
    "SmsFallbackMethod": "sms_fallback_method",
    "VoiceUrl": "voice_url",
    "VoiceMethod": "voice_method",
    "StatusCallback": "status_callback",
    "StatusCallbackMethod": "status_callback_method",
}


def list_numbers(call: Call) -> Reply:
    account, query = call.account("numbers:read"), call.query
    owned = list(call.state.numbers.values())
    wanted = [
        number
        for number in reversed(owned)
        if number.account_sid == account
        and query.get("PhoneNumber", "") in number.phone_number
        and query.get("FriendlyName") in (None, "", number.friendly_name)
    ]
    pager = call.pager(owned.index)
    page = pager.page(wanted)
    return Reply(pager.envelope("incoming_phone_numbers", page, shapes.number), name="IncomingPhoneNumbers")


def fetch_number(call: Call) -> Reply:
    return Reply(shapes.number(_number(call, "numbers:read")), name="IncomingPhoneNumber")


def update_number(call: Call) -> Reply:
    number = _number(call, "numbers:update")
    changes = {ours: call.form[theirs][-1] for theirs, ours in NUMBER_FIELDS.items() if theirs in call.form}
    for name, value in changes.items():
        if name.endswith("method") and value not in ("GET", "POST"):
            raise TwilioError(20001, f"{name} must be GET or POST")
        if name.endswith(("url", "callback")) and value and not value.startswith(("http://", "https://")):
            raise TwilioError(20001, f"{name} must be an absolute URL")
    return Reply(shapes.number(call.state.change_number(number.sid, **changes)), name="IncomingPhoneNumber")


def _number(call: Call, permission: str) -> Number:
    account = call.account(permission)
    number = call.state.numbers.get(call.ids["sid"])
    if number is None or number.account_sid != account:
        raise TwilioError(20404, f"{call.path}.json")
    return number


# -- accounts and keys


def fetch_account(call: Call) -> Reply:
    return Reply(shapes.account(call.state.accounts[call.account("accounts:read")]), name="Account")


def update_account(call: Call) -> Reply:
    sid, changes = call.account("accounts:update"), {}
    if name := call.given("FriendlyName"):
        changes["friendly_name"] = name
    if status := call.given("Status"):
        if status not in ("active", "suspended", "closed"):
            raise TwilioError(20001, "Status must be active, suspended or closed")
        changes["status"] = status
    return Reply(shapes.account(call.state.change_account(sid, **changes)), name="Account")


def create_account(call: Call) -> Reply:
    """Make a subaccount of the caller's account."""
    permit(call.state, call.caller, call.caller.account_sid, "accounts:create")
    account = call.state.add_account(call.given("FriendlyName") or "", owner_sid=call.caller.account_sid)
    return Reply(shapes.account(account), 201, "Account")


def list_accounts(call: Call) -> Reply:
    permit(call.state, call.caller, call.caller.account_sid, "accounts:read")
    known = list(call.state.accounts.values())
    status, name = call.query.get("Status"), call.query.get("FriendlyName")
    wanted = [
        account
        for account in reversed(known)
        if account.owner_sid == call.caller.account_sid
        and status in (None, account.status)
        and name in (None, account.friendly_name)
    ]
    pager = call.pager(known.index)
    return Reply(pager.envelope("accounts", pager.page(wanted), shapes.account), name="Accounts")


def create_key(call: Call) -> Reply:
    key = call.state.add_key(call.account("keys:create"))
    return Reply({**shapes.key(key), "secret": key.secret}, 201, "Key")


def dump(record: Any) -> dict[str, Any]:
    """Show a record to scripts: its fields, without secrets and without bytes."""
    hidden = {"auth_token", "secret", "shared_key", "data"}
    return {f.name: getattr(record, f.name) for f in fields(record) if f.name not in hidden}


OPERATIONS: dict[str, dict[str, Callable[[Call], Reply]]] = {
    "/Accounts": {"GET": list_accounts, "POST": create_account},
    "/Accounts/{account}": {"GET": fetch_account, "POST": update_account},
    "/Accounts/{account}/Keys": {"POST": create_key},
    "/Accounts/{account}/IncomingPhoneNumbers": {"GET": list_numbers},
    "/Accounts/{account}/IncomingPhoneNumbers/{sid}": {"GET": fetch_number, "POST": update_number},
    "/Accounts/{account}/Messages": {"GET": list_messages, "POST": create_message},
    "/Accounts/{account}/Messages/{sid}": {"GET": fetch_message, "POST": update_message, "DELETE": delete_message},
    "/Accounts/{account}/Messages/{sid}/Media": {"GET": list_media},
    "/Accounts/{account}/Messages/{sid}/Media/{media}": {"GET": fetch_media},
}
