"""Leases: who alone may read and change something for a while. One is held until it is given back or its executor is gone."""

from collections.abc import Collection

import sqlalchemy as sa

from .database import insert
from .schema import leases as table


def take(connection: sa.Connection, key: str, *, token: str, executor: str) -> bool:
    """Whether the lease is now ``token``'s."""
    row = {"key": key, "token": token, "executor": executor}
    connection.execute(insert(connection, table).values(row).on_conflict_do_nothing())
    return connection.scalar(sa.select(table.c.token).where(table.c.key == key)) == token


def give_back(connection: sa.Connection, keys: Collection[str], *, token: str) -> bool:
    """Whether ``token`` still had all of them: if not, its executor was taken for dead and somebody else went on."""
    mine = (table.c.key.in_(sorted(keys)), table.c.token == token)
    return connection.execute(sa.delete(table).where(*mine)).rowcount == len(keys)


def free(connection: sa.Connection, alive: sa.ScalarSelect[str]) -> None:
    """Give back all that is held by none of these executors."""
    connection.execute(sa.delete(table).where(table.c.executor.not_in(alive)))
