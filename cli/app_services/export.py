"""An exported application: its Twilio services and their webhooks, and what else is there.

    services/<service>/config.json           {name, type: twilio, config: {sid}, secret_config: {auth_token: <a secret's name>}}
    services/<service>/incoming_webhooks/    <webhook>/config.json {name, respond_result, run_as_…} and <webhook>/source.js
    secrets.json                             of Stitch: {services: {<service>: {auth_token: <value>}}}

The two files of a webhook may lie in ``incoming_webhooks`` itself. What they hold is said on MongoDB's pages "Twilio Service"
and "Application Configuration Files (Legacy)".
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ...connector.errors import InvalidInput
from .files import Document, Export, is_name, kind, leaves, printable

_SHORT = 8  # what is shorter is no secret, and would be found in every text
_TOKEN = re.compile(r"\b[0-9a-f]{32}\b")
_SECRET_NAME = re.compile(r"(?!.*[A-Za-z0-9]{24})[A-Za-z0-9][A-Za-z0-9_-]{0,63}")  # else it may be the value itself
_ACCOUNT = re.compile(r"AC[0-9a-fA-F]{32}")
_NOT_HERE = {
    "can_evaluate": "whether the function may run is not asked here: ask it at the beginning of the handler",
    "run_as_authed_user": "senders of texts do not log in here: the flow runs as the system",
    "fetch_custom_user_data": "users have no custom data here",
    "create_user_on_auth": "senders of texts do not log in here, so no users are made",
    "disable_arg_logs": "the page of an execution shows what came in",
}
_RUN_AS = ("run_as_system", "run_as_user_id", "run_as_user_id_script_source")
_PARTS = (
    *("auth", "auth_providers", "data_sources", "environments", "functions", "graphql", "hosting", "http_endpoints"),
    *("log_forwarders", "sync", "triggers", "users", "values"),
)


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """An incoming webhook. ``user_id`` and ``user_script`` say as whom it runs; neither: the system."""

    name: str
    source: str = field(repr=False)
    responds: bool = False
    user_id: str = ""
    user_script: str = ""


@dataclass(frozen=True, kw_only=True)
class Service:
    """A Twilio service. ``secret_name`` names its auth token, whose value is not here; ``sid`` is empty if it is none."""

    name: str
    sid: str
    secret_name: str
    webhooks: tuple[Webhook, ...]


@dataclass(frozen=True, kw_only=True)
class App:
    """``left`` has a sentence for all that could not be carried over."""

    name: str
    services: tuple[Service, ...]
    left: tuple[str, ...]


def read(folder: Path) -> App:
    """Raises InvalidInput naming file, key and mend."""
    if not folder.is_dir():
        raise InvalidInput(f"{folder} is not a folder; give that of an exported application", field="dir")
    root = folder.resolve()
    secrets = {secret for secret in _secrets(Export(root)) if len(secret) >= _SHORT}
    export = Export(root, tuple(sorted(secrets, key=len, reverse=True)))
    services = tuple(_services(export))
    if not services:
        found = f"; found {'; '.join(export.left)}" if export.left else ""
        problem = f"has no Twilio service: no services/<service>/config.json says type: twilio{found}"
        raise InvalidInput(f"{folder} {problem}", field="dir")
    _note_other_parts(export)
    return App(name=_app_name(export), services=services, left=tuple(export.left))


def _secrets(export: Export) -> Iterator[str]:
    """What must be copied nowhere: the values in secrets.json, and tokens where their names should be."""
    file = export.root / "secrets.json"
    if file.is_file():
        yield from leaves(export.document(file).content)
    for folder in export.folders("services"):
        for inner in (
            folder,
            folder / "incoming_webhooks",
            *export.folders("services", folder.name, "incoming_webhooks"),
        ):
            if (inner / "config.json").is_file():
                yield from _misplaced(export.document(inner / "config.json"))


def _misplaced(document: Document) -> Iterator[str]:
    for part, key in (("config", "auth_token"), ("options", "secret"), ("secret_config", "auth_token")):
        inner = document.content.get(part)
        value = inner.get(key) if isinstance(inner, Mapping) else None
        if isinstance(value, str) and (part != "secret_config" or not _SECRET_NAME.fullmatch(value)):
            yield value


def _services(export: Export) -> Iterator[Service]:
    seen: dict[str, Document] = {}
    for folder in export.folders("services"):
        document = _config(export, folder)
        if document is None:
            continue
        if document.content.get("type") != "twilio":
            found = document.content.get("type")
            said = printable(found)[:30] if isinstance(found, str) else kind(found)
            document.note(f"a service of type {said}: only those of type twilio are carried over")
            continue
        _once(document, seen)
        yield _service(document)


def _config(export: Export, folder: Path) -> Document | None:
    if (folder / "config.json").is_file():
        return export.document(folder / "config.json")
    export.note(folder, "there is no config.json in it")
    return None


def _service(document: Document) -> Service:
    document.note_unknown("id", "_id", "name", "type", "config", "secret_config", "version")
    config, secret = document.part("config"), document.part("secret_config")
    config.note_unknown("sid")
    secret.note_unknown("auth_token")
    name, sid, secret_name = document.name(), config.text("sid"), secret.text("auth_token")
    if secret_name and not _SECRET_NAME.fullmatch(secret_name):
        document.note(
            "secret_config.auth_token is no name of a secret (letters, digits, - and _): it has a new one here"
        )
    is_account = bool(_ACCOUNT.fullmatch(sid))
    if not is_account:
        document.note("config.sid is no account SID (AC and 32 hexadecimal digits): enter it in the connection")
    for rule in sorted(document.file.parent.glob("rules/*.json")):
        document.export.note(rule, "rules about who may use the service are not kept here")
    return Service(
        name=name,
        sid=sid if is_account else "",
        secret_name=secret_name if _SECRET_NAME.fullmatch(secret_name) else _secret_name(name),
        webhooks=tuple(_webhooks(document.export, document.file.parent)),
    )


def _secret_name(service: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9]+", "_", service).strip("_")
    return f"{plain[:20] or 'twilio'}_auth_token"


def _webhooks(export: Export, service: Path) -> Iterator[Webhook]:
    seen: dict[str, Document] = {}
    direct = service / "incoming_webhooks"
    inside = export.folders("services", service.name, "incoming_webhooks")
    for folder in [*([direct] if (direct / "config.json").is_file() else ()), *inside]:
        document = _config(export, folder)
        if document is not None:
            _once(document, seen)
            yield _webhook(document)


def _webhook(document: Document) -> Webhook:
    document.note_unknown("id", "_id", "name", "version", "private", "respond_result", "options", *_RUN_AS, *_NOT_HERE)
    for key, reason in _NOT_HERE.items():
        if document.content.get(key):
            document.note(f"{key}: {reason}")
    if any(document.part("options").content.values()):
        document.note("options: whatever they say, Twilio's signature decides here who may call")
    if "respond_result" not in document.content:
        document.note("respond_result is not there: the sender is not answered")
    user_id, user_script = _run_as(document)
    return Webhook(
        name=document.name(),
        source=_source(document),
        responds=document.flag("respond_result"),
        user_id=user_id,
        user_script=user_script,
    )


def _run_as(document: Document) -> tuple[str, str]:
    """The user's id and the script that gives one. ``run_as_system`` goes before both, which exclude each other."""
    user_id, script = document.text(_RUN_AS[1]).strip(), document.text(_RUN_AS[2], lines=True).strip()
    if document.flag(_RUN_AS[0]):
        return "", ""
    if user_id and script:
        raise document.invalid(_RUN_AS[2], f"cannot be used with {_RUN_AS[1]}; keep one of them")
    return user_id, script


def _source(document: Document) -> str:
    file, export = document.file.with_name("source.js"), document.export
    if not file.is_file():
        raise export.invalid(file, "is missing: it is the webhook's function", "source.js")
    source = export.text(file)
    struck = export.strike(source)
    if struck != source:
        export.note(file, "held a secret, which is struck out of the copy: let the handler take it from elsewhere")
    if _TOKEN.search(struck):
        export.note(file, "holds what looks like a token: look at the copy before you share it")
    return struck


def _once(document: Document, seen: dict[str, Document]) -> None:
    name = document.name()
    if name in seen:
        other = document.export.shown(seen[name].file)
        raise document.invalid("name", f"{name!r} is the name in {other} too; rename one")
    seen[name] = document


def _app_name(export: Export) -> str:
    for name in ("realm_config.json", "root_config.json", "stitch.json", "config.json", "app.json"):
        file = export.root / name
        said = export.document(file).content.get("name") if file.is_file() else None
        if isinstance(said, str) and is_name(said):
            return export.strike(said)
    return export.strike(export.root.name) if is_name(export.root.name) else "app"


def _note_other_parts(export: Export) -> None:
    for name in _PARTS:
        count = sum(path.is_file() for path in (export.root / name).rglob("*"))
        if count:
            export.note(export.root / name, f"{count} file{'s' * (count > 1)} that are not of the Twilio service")
