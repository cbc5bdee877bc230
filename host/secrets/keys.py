"""Where the vault's keys are: in the environment, in a file that only its owner may read, or in the system's keyring.

The first key encrypts; all of them open. A file or a keyring may change while hosts run: they notice, so that a rotation
stops none of them.
"""

import fcntl
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkstemp
from typing import Any, Protocol

from cryptography.fernet import Fernet
from pydantic import SecretStr

from ...connector.errors import INSTALL, ConnectorError
from ..settings import Settings

Keys = tuple[SecretStr, ...]
MAKE_ONE = "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'"
SERVICE = "twilio-connector"
_MAX_BYTES = 65_536
_LOOK_AGAIN = 5.0  # seconds that a changed keyring may go unseen


class VaultLocked(ConnectorError):
    """The keys at hand do not open what is stored; the message says what to do."""

    kind = "vault"
    exit_status = 3


class KeySource(Protocol):
    """Keys, and where they come from. ``name`` is how messages call the place."""

    @property
    def name(self) -> str: ...

    def read(self) -> Keys:
        """Raises VaultLocked when the keys are not there, or are there for others to read."""

    def stamp(self) -> object:
        """Something that differs when the keys may have changed; cheap to ask for."""

    def change(self, change: Callable[[Keys], Keys]) -> None:
        """Replace the keys, whole or not at all. Raises VaultLocked where only people can."""


def source_of(settings: Settings) -> KeySource:
    """Where these settings say that the keys are; without a word of them, a file in the data directory."""
    if settings.keys:
        return GivenKeys(settings.keys)
    if settings.key_file:
        return FileKeys(settings.key_file)
    if settings.keyring:
        return KeyringKeys(settings.keyring)
    return FileKeys(settings.data / "vault.key", made=True)


@dataclass(frozen=True, slots=True)
class GivenKeys:
    """Keys of the environment."""

    keys: Keys
    name: str = "TWILIO_CONNECTOR_KEYS"

    def read(self) -> Keys:
        return self.keys

    def stamp(self) -> object:
        return None

    def change(self, change: Callable[[Keys], Keys]) -> None:  # noqa: ARG002
        raise VaultLocked(
            f"{self.name}: only you can change it. Put a new key first, a comma, the old one, start the hosts anew, and "
            f"rotate again; make a key with {MAKE_ONE}"
        )


@dataclass(frozen=True, slots=True)
class FileKeys:
    """A file of keys, one a line. ``made``: when it is not there, with a new key; else it must be there."""

    path: Path
    made: bool = False

    @property
    def name(self) -> str:
        return str(self.path)

    def read(self) -> Keys:
        if self.made and not self.path.exists():
            self._make()
        return self._read()

    def stamp(self) -> object:
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def change(self, change: Callable[[Keys], Keys]) -> None:
        try:
            self._change(change)
        except OSError as error:
            raise VaultLocked(
                f"{self.path}: cannot be written: {error.strerror}; put a new key (make it with {MAKE_ONE}) into its first "
                "line by hand, and rotate again"
            ) from None

    def _change(self, change: Callable[[Keys], Keys]) -> None:
        folder = os.open(self.path.resolve().parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)  # two that change it at once would lose a key
            for left in self.path.resolve().parent.glob(f".{self.path.name}-*"):
                left.unlink()  # by one that was killed: it holds keys
            draft = self._draft(change(self._read()))
            draft.replace(self.path.resolve())
            os.fsync(folder)
        finally:
            os.close(folder)

    def _read(self) -> Keys:
        try:
            with self.path.open("rb") as file:
                mode = os.fstat(file.fileno()).st_mode
                text = file.read(_MAX_BYTES + 1)
        except OSError as error:
            mend = f"put the keys there, one a line, or point TWILIO_CONNECTOR_KEY_FILE elsewhere; make one with {MAKE_ONE}"
            raise VaultLocked(f"{self.path}: the vault's keys cannot be read: {error.strerror}; {mend}") from None
        if mode & 0o077:
            raise VaultLocked(
                f"{self.path}: others than its owner may read the vault's keys: chmod 600 {self.path}, and rotate them if "
                "others could"
            )
        if len(text) > _MAX_BYTES:
            raise VaultLocked(
                f"{self.path}: is larger than {_MAX_BYTES} bytes, so it holds no keys; name the right file"
            )
        return tuple(SecretStr(line.decode("ascii", "replace")) for line in text.split())

    def _make(self) -> None:
        draft = self._draft((new_key(),))
        with suppress(FileExistsError):  # another process was first: its key it is
            os.link(draft, self.path)
        draft.unlink()

    def _draft(self, keys: Keys) -> Path:
        """A file with these keys beside the real one, on disk."""
        descriptor, name = mkstemp(dir=self.path.resolve().parent, prefix=f".{self.path.name}-")
        with os.fdopen(descriptor, "w") as file:
            file.write("".join(f"{key.get_secret_value()}\n" for key in keys))
            file.flush()
            os.fsync(file.fileno())
        return Path(name)


def _keyring() -> Any:
    try:
        import keyring
    except ModuleNotFoundError:
        raise VaultLocked(f"TWILIO_CONNECTOR_KEYRING: the keyring's library is not installed: {INSTALL}") from None
    return keyring


@dataclass(frozen=True, slots=True)
class KeyringKeys:
    """An entry of the system's keyring, made with a new key when it is not there. Needs the extra ``keyring``."""

    entry: str
    keyring: Any = field(default_factory=_keyring, repr=False)

    @property
    def name(self) -> str:
        return f"the keyring's entry {SERVICE}/{self.entry}"

    def read(self) -> Keys:
        found = self._ask(lambda: self.keyring.get_password(SERVICE, self.entry))
        if not found:
            self._write((new_key(),))
            found = self._ask(lambda: self.keyring.get_password(SERVICE, self.entry))
        return tuple(map(SecretStr, (found or "").split()))

    def stamp(self) -> object:
        return time.monotonic() // _LOOK_AGAIN

    def change(self, change: Callable[[Keys], Keys]) -> None:
        self._write(change(self.read()))

    def _write(self, keys: Keys) -> None:
        text = " ".join(key.get_secret_value() for key in keys)
        self._ask(lambda: self.keyring.set_password(SERVICE, self.entry, text))

    def _ask(self, act: Callable[[], str | None]) -> str | None:
        from keyring.errors import KeyringError

        try:
            return act()
        except (KeyringError, RuntimeError) as error:
            raise VaultLocked(
                f"{self.name} cannot be used: {type(error).__name__}; unlock the keyring of the user that runs this, or "
                "give the keys in TWILIO_CONNECTOR_KEY_FILE instead of TWILIO_CONNECTOR_KEYRING"
            ) from None


def new_key() -> SecretStr:
    return SecretStr(Fernet.generate_key().decode())
