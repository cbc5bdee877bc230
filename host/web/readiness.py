"""Whether this process can do its work now. What is told is the name of what fails, nothing of why."""

from collections.abc import Callable, Mapping

from ..host import Host
from ..secrets.vault import CHECK
from ..store.database import read_meta, reading
from ..store.schema import VERSION


def failing(host: Host) -> list[str]:
    """Which of ``database, migrations, vault, inbox, heartbeat`` keep it from being ready."""
    checks: Mapping[str, Callable[[Host], bool]] = {"inbox": _has_room, "heartbeat": _beats}
    failed = [name for name, holds in checks.items() if not holds(host)]
    try:
        version, check = _kept(host)
    except Exception:  # noqa: BLE001 (whatever it is, the database does not answer)
        return ["database", *failed]
    if version is None or int(version) < VERSION:
        failed.append("migrations")
    if host.vault.key_of(check or "") is None:
        failed.append("vault")
    return failed


def _kept(host: Host) -> tuple[str | None, str | None]:
    with reading(host.store.engine).begin() as connection:
        return read_meta(connection, "schema_version"), read_meta(connection, CHECK)


def _has_room(host: Host) -> bool:
    return not host.inbox.full


def _beats(host: Host) -> bool:
    """Of a process that executes; the others have none."""
    return not host.engine.executor or host.engine.may_act
