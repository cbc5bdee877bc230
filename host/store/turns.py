"""What processes do one after the other: each takes its turn until its transaction ends.

On Postgres by advisory locks; SQLite lets one process write at a time anyway.
"""

from enum import IntEnum

import sqlalchemy as sa

_NUMBER = sa.bindparam("number_", type_=sa.BigInteger())
_TAKE = sa.select(sa.func.pg_advisory_xact_lock(_NUMBER))
_TAKE_IF_FREE = sa.select(sa.func.pg_try_advisory_xact_lock(_NUMBER))


class Turn(IntEnum):
    """Numbers by which processes of all versions know these."""

    PREPARING = 0x7477696C  # the database, by those that start together
    CLAIMING = 0x7477696D  # those who count must not count at once
    REPLAYING = 0x7477696E  # two do not see what the other is about to replay
    FORGETTING = 0x7477696F
    ROTATING = 0x766C7401  # two at once would each add a key


def take(connection: sa.Connection, number: int) -> None:
    """Wait for one's turn."""
    if connection.dialect.name == "postgresql":
        connection.execute(_TAKE, {"number_": number})


def work_elsewhere(connection: sa.Connection) -> None:
    """Let one's turn last for as long as its work takes, which other connections do while this one lies idle."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")


def take_if_free(connection: sa.Connection, number: int) -> bool:
    """Whether it is one's turn now; nobody waits."""
    return connection.dialect.name != "postgresql" or bool(connection.scalar(_TAKE_IF_FREE, {"number_": number}))
