"""Secrets that have names of their own, so that a connection can call one by its name instead of holding it.

A field of a connection that is ``{"$secret": "twilio-auth-token"}`` is resolved each time the connection is opened, so a
secret that is set anew changes no connection. It is looked for, in this order,

1. in the vault (``twilio-connector secret set twilio-auth-token``),
2. in the environment (``TWILIO_CONNECTOR_SECRET_TWILIO_AUTH_TOKEN``: upper case, ``_`` for ``-``), as the process began,
3. in a file of that name in the folder ``TWILIO_CONNECTOR_SECRETS_DIR``, UTF-8, a line end at its end left off.
"""

import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import SecretStr

from ...connector.errors import ConnectionFailed, InvalidInput
from ..settings import SECRET
from ..store.database import storable
from ..store.named_secrets import NamedSecretRows
from .vault import Vault

Place = Literal["vault", "environment", "file"]
REFERENCE = "$secret"
MAX_BYTES = 65_536
NAME_RULE = (
    "a secret's name has letters, digits, - and _, at most 64, and is no value itself (24 letters and digits in a row look "
    "like one), such as twilio-auth-token"
)
_NAME = re.compile(r"(?=.{1,64}\Z)[A-Za-z0-9][A-Za-z0-9_-]*")
_VALUE = re.compile(r"(?=.*\d)[A-Za-z0-9]{24,}")


def is_name(name: str) -> bool:
    """Whether a secret may be called so. Never quote one that may not: it may be the secret itself, in the wrong place."""
    return bool(_NAME.fullmatch(name)) and not _VALUE.search(name)


def reference(name: str) -> dict[str, str]:
    """What a field holds that calls a secret by its name."""
    return {REFERENCE: name}


def called_by(value: Any) -> str:
    """The name that a field with this value calls; empty where it calls none."""
    name = value.get(REFERENCE) if isinstance(value, Mapping) else None
    return name if isinstance(name, str) and is_name(name) else ""


def references(fields: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The fields that call a secret, with its name. Raises InvalidInput for what cannot be a name."""
    for key, value in fields.items():
        if isinstance(value, Mapping) and REFERENCE in value:
            if set(value) != {REFERENCE} or not isinstance(value[REFERENCE], str) or not is_name(value[REFERENCE]):
                raise InvalidInput(f'{key}: write {{"{REFERENCE}": NAME}}; {NAME_RULE}', field=key)
            yield key, value[REFERENCE]


@dataclass(frozen=True, slots=True)
class NamedSecrets:
    rows: NamedSecretRows
    vault: Vault
    environment: Mapping[str, SecretStr] = field(default_factory=dict)
    folder: Path | None = None

    def set(self, name: str, value: str) -> bool:
        """Put it into the vault, in place of what it was; whether it is new. Raises InvalidInput."""
        if not is_name(name):
            raise InvalidInput(f"name: {NAME_RULE}", field="name")
        if not value.strip() or not storable(value) or len(value.encode()) > MAX_BYTES:
            raise InvalidInput(f"the secret {name} must be text of 1 to {MAX_BYTES} bytes without NUL", field="value")
        return self.rows.put(name, self.vault.seal(_subject(name), {"value": value}))

    def get(self, name: str) -> str:
        """Raises ConnectionFailed, saying where it was looked for, and VaultLocked."""
        for find in (self._in_vault, self._in_environment, self._in_folder):
            if (value := find(name)) is not None:
                return value
        raise ConnectionFailed(
            f"there is no secret {name!r}: not in the vault, not in the environment ({variable(name)}), "
            f"{self._no_file(name)}; put it into the vault with: twilio-connector secret set {name}"
        )

    def names(self) -> dict[str, Place]:
        """Those that there are, in the order of their names, with where each is found. None is opened."""
        found: dict[str, Place] = dict.fromkeys(self.rows.all(), "vault")
        known = {variable(name) for name in found}
        for name in map(_named, self.environment):
            if is_name(name) and variable(name) not in known and self._in_environment(name):
                found[name] = "environment"
        found = {**dict.fromkeys(self._files(), "file"), **found}
        return {name: found[name] for name in sorted(found)}

    def resolve(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The fields with the values of the secrets that they call. Raises ConnectionFailed naming field and secret."""
        found = dict(fields)
        for key, name in references(fields):
            try:
                found[key] = self.get(name)
            except ConnectionFailed as error:
                raise ConnectionFailed(f"{key}: {error}", field=key) from None
        return found

    def _in_vault(self, name: str) -> str | None:
        sealed = self.rows.get(name)
        return None if sealed is None else str(self.vault.unseal(_subject(name), sealed)["value"])

    def _in_environment(self, name: str) -> str | None:
        found = self.environment.get(variable(name).removeprefix(SECRET))
        return (found.get_secret_value() or None) if found else None

    def _files(self) -> list[str]:
        try:
            entries = list(self.folder.iterdir()) if self.folder else []
        except OSError:
            return []
        return [path.name for path in entries if is_name(path.name) and path.is_file()]

    def _in_folder(self, name: str) -> str | None:
        if self.folder is None:
            return None
        try:
            return _read(self.folder / name, self.folder)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            problem = error.strerror if isinstance(error, OSError) else "is not UTF-8"
            raise ConnectionFailed(f"the secret's file {self.folder / name} cannot be used: {problem}") from None

    def _no_file(self, name: str) -> str:
        if self.folder is None:
            return "not in a file (TWILIO_CONNECTOR_SECRETS_DIR names no folder)"
        return f"not in the file {self.folder / name}"


def variable(name: str) -> str:
    """The environment variable that may hold the secret."""
    return SECRET + name.upper().replace("-", "_")


def _named(suffix: str) -> str:
    """A name that the variable of this end is looked at for."""
    return suffix.lower().replace("_", "-")


def _subject(name: str) -> str:
    return f"secret {name}"  # no connection's id has a space, so neither opens as the other


def _read(path: Path, folder: Path) -> str | None:
    """The text of a regular file that lies in the folder, links followed; orchestrators mount secrets as links."""
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        raise PermissionError(1, f"it leads out of {folder}")
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise PermissionError(1, "it is no plain file")
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise PermissionError(1, f"it is larger than {MAX_BYTES} bytes")
    text = data.decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
    if not storable(text):
        raise PermissionError(1, "it holds NUL")
    return text or None
