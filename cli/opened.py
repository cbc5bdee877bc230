"""A host's data, opened by the command beside the hosts that run; nothing is executed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getuser
from pathlib import Path

from ..host.host import Host
from ..host.operating.changes import by
from ..host.settings import Settings


@contextmanager
def opened(data: Path | None, public_url: str | None = None) -> Iterator[Host]:
    """The host of that data directory, or of the environment; what is changed is put down to the system's user."""
    host = Host.open(Settings.load(os.environ, data=data, public_url=public_url))
    try:
        with by(f"cli:{_user()}"):
            yield host
    finally:
        host.stop()


def _user() -> str:
    try:
        return getuser()
    except (KeyError, OSError):  # a container's user has no name
        return str(os.getuid())
