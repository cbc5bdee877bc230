"""A connection declared in a file that is safe to commit: secrets stand in it by their names alone.

    {name, component, key, fields: {accountSid: AC…, apiKey: SK…}, secrets: {apiSecret: <secret's name>}}
    {name, type, config: {sid: AC…}, secret_config: {auth_token: <secret's name>}}

Either may have ``reservedFor: {<customer>: [<user>, …]}``, external ids both.

The second is the form of the App Services' Twilio page. Which type is whose, a component says of its connections in
``declaredAs`` of its component.yaml.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ...connector.component import ConnectionType
from ..definition import tree
from ..definition.cursor import Cursor
from ..definition.names import did_you_mean
from ..registry import Registry
from ..secrets.named_secrets import NAME_RULE, is_name, reference
from .model import DeclaredConnection, Reserved

_THEIR_OWN = ("id", "_id", "version")  # what an export of that service says of itself


def read_connection(cursor: Cursor, registry: Registry) -> DeclaredConnection:
    """Either form; what is wrong is noted, and no value that may be a secret is quoted."""
    if cursor.find("type") or cursor.find("secret_config"):
        cursor.only("name", "type", "config", "secret_config", "reservedFor", *_THEIR_OWN)
        unit = _of_type(cursor, registry)
        form: Mapping[str, Any] = unit.flags["declaredAs"] if unit else {}
        plain, secret = ("config", form.get("config", {})), ("secret_config", form.get("secret_config", {}))
    else:
        cursor.only("name", "component", "key", "fields", "secrets", "reservedFor")
        unit = _of_key(cursor, registry)
        keys = {item["key"]: item["key"] for item in unit.inputs} if unit else {}
        hidden = {item["key"] for item in unit.inputs if item["type"] == "password"} if unit else set()
        plain = "fields", {key: key for key in keys if key not in hidden}
        secret = "secrets", {key: key for key in keys if key in hidden}
    found = [*_values(cursor, plain, secret), *_names(cursor, secret, plain)] if unit else []
    return DeclaredConnection(
        name=cursor.required("name").strip(),
        component=unit.component.key if unit else "",
        key=unit.key if unit else "",
        fields={field: value for field, value, _ in found if value not in (None, "")},
        reserved_for=tuple(_reserved(cursor)) if cursor.find("reservedFor") else None,
        places={field: place for field, _, place in found},
        source=cursor,
    )


def _reserved(cursor: Cursor) -> Iterator[Reserved]:
    for customer, users in cursor.pairs("reservedFor"):
        named = list(users.elements())
        if not named:
            users.problem("names no user; leave the customer out, or write reservedFor: {} for everybody")
        for user in named:
            yield Reserved(customer=customer, user=user.scalar(), source=user)


Part = tuple[str, Mapping[str, str]]
"""A part of the file, and the connection's field by each key that belongs there."""


def _values(cursor: Cursor, part: Part, secrets: Part) -> Iterator[tuple[str, Any, Cursor]]:
    name, fields = part
    for key, value in cursor.pairs(name):
        if key in fields:
            yield fields[key], tree.plain(value.node), value
        elif key in secrets[1]:
            value.problem(
                f"is a secret, and this file is for everybody to read: put it into the vault (twilio-connector secret set "
                f"NAME), write {secrets[0]}: {{{key}: NAME}}, and take what stood here for known"
            )
        else:
            value.problem(f"is not a key here; {did_you_mean(key, fields)}")


def _names(cursor: Cursor, part: Part, plain: Part) -> Iterator[tuple[str, Any, Cursor]]:
    name, fields = part
    for key, value in cursor.pairs(name):
        if key not in fields:
            known = f"is no secret; write it into {plain[0]}" if key in plain[1] else ""
            value.problem(known or f"is not a key here; {did_you_mean(key, fields)}")
        elif not is_name(secret := value.scalar()):
            value.problem(f"must be the name of a secret, not its value; {NAME_RULE}")
        else:
            yield fields[key], reference(secret), value


def _of_type(cursor: Cursor, registry: Registry) -> ConnectionType | None:
    wanted = cursor.required("type")
    units = [unit for component in registry.values() for unit in component.connections.values()]
    known = {unit.flags["declaredAs"]["type"]: unit for unit in units if "declaredAs" in unit.flags}
    if wanted and wanted not in known:
        at = cursor.find("type") or cursor
        at.problem(f"no installed component declares its connections as {wanted!r}; {did_you_mean(wanted, known)}")
    return known.get(wanted)


def _of_key(cursor: Cursor, registry: Registry) -> ConnectionType | None:
    component, key = cursor.required("component"), cursor.required("key")
    found = registry.get(component)
    if found is None:
        if component:
            at = cursor.find("component") or cursor
            at.problem(f"the component {component!r} is not installed; {did_you_mean(component, registry)}")
        return None
    if key and key not in found.connections:
        at = cursor.find("key") or cursor
        at.problem(f"{component} has no connection {key!r}; {did_you_mean(key, found.connections)}")
    return found.connections.get(key)
