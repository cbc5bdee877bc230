"""Where the host keeps its data, how it is reached and what it takes: read once from environment and arguments."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import platformdirs
from pydantic import SecretStr

from ..connector.errors import InvalidInput

_DATABASE_MEND = "use postgresql://user:password@host/database, or leave it out for SQLite in the data directory"

_HOST_NAME = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*")

SECRET = "TWILIO_CONNECTOR_SECRET_"  # noqa: S105 (the prefix of variables that hold one)
_NAME = re.compile(r"[A-Za-z0-9_-]{0,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Sizes in bytes, times in seconds.

    Executions that ended are kept for ``days_kept``, no more than ``executions_kept`` of all (0: however many); their steps
    and logs for ``details_days_kept`` (0: as long as they are); the identities of their events for
    ``identities_days_kept``, and never less than the executions. Of one execution ``log_lines`` lines are kept.

    ``sync_deadline`` counts from the headers of a request to the moment when its sender is answered without the flow's end.
    Twilio waits 15 s, connecting included (https://www.twilio.com/docs/api/errors/11205): 3 s of them are left for the ways.
    ``workers`` executions and ``polls`` run at once. Every ``schedule_tick`` the host looks for what is due; a poll is its
    process's own for ``schedule_lease``, which is extended while it runs.

    A process that executes writes a heartbeat every ``beat``; without one for ``acts`` it begins nothing more, without one for
    ``dead_after`` the others take over what it held. Between the last two is the margin for clocks that run unevenly.
    """

    body: int = 1 << 20
    step: int = 4 << 20
    definition: int = 16 << 20
    inbox_depth: int = 10_000
    batch: int = 500
    workers: int = 8
    polls: int = 4
    schedule_tick: float = 0.5
    schedule_lease: float = 30.0
    beat: float = 2.0
    acts: float = 8.0
    dead_after: float = 15.0
    sync_deadline: float = 12.0
    stop_deadline: float = 10.0
    refusals_kept: int = 1000
    days_kept: int = 30
    executions_kept: int = 0
    details_days_kept: int = 0
    identities_days_kept: int = 90
    log_lines: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """``data`` holds keys, SQLite files and unpacked integrations. An empty ``database_url`` means SQLite in it.

    ``public_url`` is what senders see and sign, without a trailing slash; empty while it is unknown.
    ``keys`` are Fernet keys, the first of which encrypts; they may be in ``key_file`` or in the ``keyring``'s entry of that
    name instead. None of the three means a key file in ``data``. ``secrets`` are the environment's, by the names of their
    variables without the prefix; ``secrets_folder`` holds others, a file each. ``names`` are those, without a port, under which
    the pages may be reached beside this machine's own.
    """

    data: Path
    database_url: SecretStr = field(default_factory=lambda: SecretStr(""))
    public_url: str = ""
    keys: tuple[SecretStr, ...] = ()
    key_file: Path | None = None
    keyring: str = ""
    secrets: Mapping[str, SecretStr] = field(default_factory=dict)
    secrets_folder: Path | None = None
    components: tuple[Path, ...] = ()
    names: tuple[str, ...] = ()
    executor: str = ""
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def load(cls, environ: Mapping[str, str], **given: Any) -> "Settings":
        """Settings from the environment; what is ``given`` and not None wins.

        ``TWILIO_CONNECTOR_DATA, DATABASE_URL, TWILIO_CONNECTOR_PUBLIC_URL, TWILIO_CONNECTOR_KEYS`` (comma separated),
        ``TWILIO_CONNECTOR_KEY_FILE, TWILIO_CONNECTOR_KEYRING`` (an entry's name), ``TWILIO_CONNECTOR_SECRET_<NAME>``,
        ``TWILIO_CONNECTOR_SECRETS_DIR``, ``TWILIO_CONNECTOR_COMPONENTS`` (folders, colon separated),
        ``TWILIO_CONNECTOR_NAMES`` (comma separated),
        ``TWILIO_CONNECTOR_EXECUTOR`` (a name that this process keeps over restarts), ``TWILIO_CONNECTOR_WORKERS`` (how many
        executions run at once), and what is kept for how long:
        ``TWILIO_CONNECTOR_KEEP_DAYS, _KEEP_EXECUTIONS, _KEEP_DETAILS_DAYS, _KEEP_IDENTITIES_DAYS``. Raises InvalidInput
        naming the variable.
        """
        settings = cls(
            data=Path(environ.get("TWILIO_CONNECTOR_DATA") or platformdirs.user_data_path("twilio-connector")),
            database_url=SecretStr(environ.get("DATABASE_URL", "")),
            public_url=environ.get("TWILIO_CONNECTOR_PUBLIC_URL", ""),
            keys=tuple(SecretStr(key) for key in _items(environ.get("TWILIO_CONNECTOR_KEYS", ""), ",")),
            key_file=_path(environ.get("TWILIO_CONNECTOR_KEY_FILE", "")),
            keyring=environ.get("TWILIO_CONNECTOR_KEYRING", "").strip(),
            secrets={k.removeprefix(SECRET): SecretStr(v) for k, v in environ.items() if k.startswith(SECRET)},
            secrets_folder=_path(environ.get("TWILIO_CONNECTOR_SECRETS_DIR", "")),
            components=tuple(Path(p) for p in _items(environ.get("TWILIO_CONNECTOR_COMPONENTS", ""), ":")),
            names=tuple(_items(environ.get("TWILIO_CONNECTOR_NAMES", ""), ",")),
            executor=environ.get("TWILIO_CONNECTOR_EXECUTOR", ""),
            limits=_limits(environ),
        )
        return replace(settings, **{name: value for name, value in given.items() if value is not None})

    def __post_init__(self) -> None:
        object.__setattr__(self, "database_url", SecretStr(_database_url(self.database_url.get_secret_value())))
        object.__setattr__(self, "public_url", _public_url(self.public_url))
        if not _NAME.fullmatch(self.executor):
            raise InvalidInput(
                f"TWILIO_CONNECTOR_EXECUTOR: {self.executor!r} is no name; use up to 40 letters, digits, - and _",
                field="TWILIO_CONNECTOR_EXECUTOR",
            )
        _check_one_place_of_keys(self)
        _check_names(self.names)

    @property
    def is_postgres(self) -> bool:
        return self.database_url.get_secret_value().startswith("postgresql")


def _path(text: str) -> Path | None:
    return Path(text.strip()) if text.strip() else None


def _check_one_place_of_keys(settings: Settings) -> None:
    places = {"KEYS": settings.keys, "KEY_FILE": settings.key_file, "KEYRING": settings.keyring}
    given = [f"TWILIO_CONNECTOR_{name}" for name, value in places.items() if value]
    if given[1:]:
        raise InvalidInput(
            f"{' and '.join(given)}: the vault's keys are in one place; give one of them", field=given[1]
        )


def _check_names(names: tuple[str, ...]) -> None:
    for name in names:
        if not _HOST_NAME.fullmatch(name):
            raise InvalidInput(
                f"name: {name!r} is no host name; give one without scheme and port, such as twilio.example.com",
                field="name",
            )


_MOST_KEPT = 1_000_000_000
_MOST_DAYS = 36_500
_MOST_WORKERS = 64
_LIMITS = {  # the limit, its least and its most
    "TWILIO_CONNECTOR_WORKERS": ("workers", 1, _MOST_WORKERS),
    "TWILIO_CONNECTOR_KEEP_DAYS": ("days_kept", 1, _MOST_DAYS),
    "TWILIO_CONNECTOR_KEEP_EXECUTIONS": ("executions_kept", 0, _MOST_KEPT),
    "TWILIO_CONNECTOR_KEEP_DETAILS_DAYS": ("details_days_kept", 0, _MOST_DAYS),
    "TWILIO_CONNECTOR_KEEP_IDENTITIES_DAYS": ("identities_days_kept", 1, _MOST_DAYS),
}


def _limits(environ: Mapping[str, str]) -> Limits:
    """How many executions run at once and what is kept for how long, as the environment says."""
    found = {}
    for variable, (name, least, most) in _LIMITS.items():
        text = environ.get(variable, "").strip()
        if text and not (text.isascii() and text.isdigit() and least <= int(text[:12]) <= most):
            raise InvalidInput(f"{variable}: {text!r} is not a number from {least} to {most:,}", field=variable)
        if text:
            found[name] = int(text)
    return Limits(**found)


def _items(text: str, separator: str) -> list[str]:
    return [item.strip() for item in text.split(separator) if item.strip()]


def _database_url(url: str) -> str:
    """With the driver that is installed. The message never quotes the URL: it holds a password."""
    scheme, separator, rest = url.strip().partition("://")
    if not separator and not scheme:
        return ""
    if scheme in {"postgres", "postgresql", "postgresql+psycopg"} and rest:
        return f"postgresql+psycopg://{rest}"
    raise InvalidInput(f"DATABASE_URL: a database that this host does not know; {_DATABASE_MEND}", field="DATABASE_URL")


def _public_url(url: str) -> str:
    parts = urlsplit(url.strip())
    if url.strip() and (parts.scheme not in {"http", "https"} or not parts.netloc or parts.query or parts.fragment):
        raise InvalidInput(
            f"TWILIO_CONNECTOR_PUBLIC_URL: {url!r} is not an address; give https://host[/path] as senders see it",
            field="TWILIO_CONNECTOR_PUBLIC_URL",
        )
    return url.strip().rstrip("/")
