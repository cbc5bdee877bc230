"""Points a number, a messaging service or an application at a flow, and puts back what was there.

    read what is there ── ours, and as wanted ─────────────▶ nothing to do
        │ nobody's                  │ somebody's, onConflict fail ──▶ InvalidInput, nothing is changed
        ▼                           ▼ overwrite
    write down what was there and what is to be, then change it, all settings in one request

On removal only what still is as it was set here is put back. An entry of the ledger knows every address that it set, so that
it knows its own after the host has moved to another.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from ..connector.context import ActionContext
from ..connector.errors import ConnectionFailed, ConnectorError, InvalidInput, OutcomeUnknown, Refused
from ..connector.twilio.client import TwilioClient
from ..connector.webhooks import Change, Ledger
from .targets import KINDS, Kind, Registers, Setting
from .typed import Typed

NOBODYS = frozenset({"demo.twilio.com"})
"""What Twilio itself points a new number at."""
GONE = 404

Values = Mapping[str, Any]


def create_webhook(context: ActionContext, inputs: Registers, ledger: Ledger) -> Iterator[Change]:
    """Point the target at ``context.invoke_url``, and put back other targets of before. Raises InvalidInput on a conflict."""
    key = "" if inputs.target == "none" else f"{inputs.target}/{inputs.sid}"
    if key:
        yield from _point(context, inputs, ledger, key)
    for other, entry in ledger.read().items():
        if other != key:
            yield _put_back(context, inputs, ledger, other, entry)


def delete_webhook(context: ActionContext, inputs: Registers, ledger: Ledger) -> Iterator[Change]:
    """Put back all that the ledger holds; what is no longer ours stays as it is."""
    for key, entry in ledger.read().items():
        yield _put_back(context, inputs, ledger, key, entry)


# ── what both kinds of registration stand on ──────────────────────────────────────────────────────────────────────────────────


def address(context: ActionContext) -> str:
    """The flow's own address. Raises InvalidInput where the host does not know how it is reached."""
    parts = urlsplit(context.invoke_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise InvalidInput("the flow has no public address to register: tell the host its public URL", field="target")
    return context.invoke_url


def client_for(context: ActionContext, inputs: Typed, entry: Mapping[str, Any] | None) -> TwilioClient:
    """Raises ConnectionFailed where the connection is of another account than the entry's."""
    client = inputs.twilio_connection.client(context)
    if entry and entry["account"] != client.account_sid:
        raise ConnectionFailed(
            f"the webhook was registered in account {entry['account']}, and the connection is of account "
            f"{client.account_sid} now: give it back its account, remove the flow, then change the connection"
        )
    return client


def shown(value: Any) -> str:
    """A setting for people. An address without password and query, which may hold secrets."""
    text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
    if "://" not in text:
        return text
    try:
        parts = urlsplit(text)
    except ValueError:
        return "an address that cannot be read"
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "…" if parts.query else "", ""))


# ── pointing at the flow ──────────────────────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One resource as Twilio has it ``now``, by Twilio's names of the settings that matter."""

    client: TwilioClient
    kind: Kind
    sid: str
    label: str
    now: Values

    def change(self, values: Values) -> None:
        """Set them, in one request; again where it is not known whether it was done, for that changes nothing more."""
        said = {name: "" if value is None else value for name, value in values.items()}
        try:
            self.client.update(self.kind.resource, self.sid, said)
        except OutcomeUnknown:
            self.client.update(self.kind.resource, self.sid, said)


def _read(client: TwilioClient, kind: Kind, sid: str, names: Iterator[str] | Values) -> Target:
    found = client.fetch(kind.resource, sid)
    now = {name: found.get(name[:1].lower() + name[1:]) for name in names}
    return Target(client=client, kind=kind, sid=sid, label=f"{kind.label} {found.get(kind.name) or sid}", now=now)


def _point(context: ActionContext, inputs: Registers, ledger: Ledger, key: str) -> Iterator[Change]:
    url, setting, known = address(context), inputs.settings[inputs.target], ledger.read().get(key)
    wanted = setting.wanted(url)
    target = _target(context, inputs, known, wanted)
    mine = {url, *(known["urls"] if known else ())}
    since = known
    if target.now[setting.url] not in mine:
        _check_owner(target, setting, ledger)
        since = None  # somebody has pointed it elsewhere, so that is what was there before
    if inputs.on_conflict == "fail":
        _check_free(target, setting, wanted, mine)
    entry = {
        "account": target.client.account_sid,
        "target": inputs.target,
        "sid": target.sid,
        "label": target.label,
        "setting": setting.url,
        "urls": sorted(mine),
        "before": {name: _before(name, target.now, since, setting, mine) for name in wanted},
        "after": wanted,
    }
    _apply(target, ledger, key, known, entry)
    yield from _changes(entry)


def _target(context: ActionContext, inputs: Registers, known: Any, wanted: Values) -> Target:
    client, kind = client_for(context, inputs, known), KINDS[inputs.target]
    try:
        return _read(client, kind, inputs.sid, wanted)
    except ConnectorError as error:
        if error.status != GONE:
            raise
        field = type(inputs).model_fields[kind.input].alias
        message = f"{field}: account {client.account_sid} has no {kind.label} {inputs.sid}; choose another"
        raise InvalidInput(message, field=field, status=GONE, code=error.code) from None


def _check_owner(target: Target, setting: Setting, ledger: Ledger) -> None:
    """Another flow of the same host is not overwritten: its own registration would be undone behind its back."""
    owner = ledger.owner(str(target.now[setting.url] or ""))
    if owner:
        raise InvalidInput(
            f"{target.label} is registered for {owner} ({setting.url}), and calls one flow only: register this one elsewhere, "
            "or remove that one first",
            field="target",
        )


def _check_free(target: Target, setting: Setting, wanted: Values, mine: set[str]) -> None:
    for name in (setting.url, *setting.in_the_way):
        value = target.now[name]
        if _is_same(value, wanted[name]) or (name == setting.url and (value in mine or _is_nobodys(value))):
            continue
        raise InvalidInput(
            f"{target.label} is in use: its {name} is {shown(value)}. Clear that at Twilio, choose another target, or set "
            "onConflict to overwrite: what is there now is put back on removal then",
            field="onConflict",
        )


def _is_nobodys(value: Any) -> bool:
    return not value or urlsplit(str(value)).hostname in NOBODYS


def _before(name: str, now: Values, known: Any, setting: Setting, mine: set[str]) -> Any:
    """What is to be put back: what was there before us, or what somebody has set since."""
    is_ours = now[name] in mine if name == setting.url else known and _is_same(now[name], known["after"].get(name))
    if not is_ours:
        return now[name]
    return known["before"].get(name) if known else ""  # our address, entered by hand


def _apply(target: Target, ledger: Ledger, key: str, known: Any, entry: Mapping[str, Any]) -> None:
    """Write down, then change; what fails leaves both as they were."""
    if entry != known:
        ledger.write(key, entry)
    values = {name: value for name, value in entry["after"].items() if not _is_same(target.now[name], value)}
    if not values:
        return
    try:
        target.change(values)
    except OutcomeUnknown:  # if this fails too, the ledger tells what may have been changed
        target.change({name: target.now[name] for name in values})
        ledger.write(key, known)
        raise
    except ConnectorError:
        ledger.write(key, known)
        raise


def _changes(entry: Mapping[str, Any]) -> Iterator[Change]:
    for name, after in entry["after"].items():
        before = entry["before"][name]
        if name == entry["setting"] or not _is_same(before, after):
            yield Change(target=entry["label"], setting=name, before=shown(before), after=shown(after))


# ── putting back ──────────────────────────────────────────────────────────────────────────────────────────────────────────────


def _put_back(context: ActionContext, inputs: Registers, ledger: Ledger, key: str, entry: Mapping[str, Any]) -> Change:
    client, kind, name = client_for(context, inputs, entry), KINDS[entry["target"]], entry["setting"]
    try:
        target = _read(client, kind, entry["sid"], entry["after"])
    except ConnectorError as error:
        if error.status != GONE:
            raise
        return _done(ledger, key, entry, entry["urls"][-1], "", note="is gone")
    now = target.now[name]
    if now not in entry["urls"]:
        return _done(ledger, key, entry, now, now, note="points elsewhere since, so it is left as it is")
    back, note = entry["before"] if inputs.restore_on_remove else {name: ""}, ""
    try:
        target.change(_still_ours(target.now, entry, back))
    except Refused as error:  # such as an application that was deleted since
        target.change({name: ""})
        back, note = {name: ""}, f"what was there before cannot be put back: {error}"
    return _done(ledger, key, entry, now, back[name], note=note)


def _still_ours(now: Values, entry: Mapping[str, Any], back: Values) -> dict[str, Any]:
    """What to put back, without what somebody else has set since."""
    return {
        name: value
        for name, value in back.items()
        if name == entry["setting"] or _is_same(now[name], entry["after"][name])
        if not _is_same(now[name], value)
    }


def _done(ledger: Ledger, key: str, entry: Mapping[str, Any], before: Any, after: Any, *, note: str) -> Change:
    ledger.write(key, None)
    return Change(target=entry["label"], setting=entry["setting"], before=shown(before), after=shown(after), note=note)


def _is_same(one: Any, other: Any) -> bool:
    """Nothing is blank at Twilio, here null and there an empty text."""
    return (one or "") == (other or "")
