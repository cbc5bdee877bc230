"""Many rows in one statement.

SQLite's driver gives up the interpreter's lock at each row of an ``executemany`` and waits for it behind every other thread:
beside a busy event loop that costs more than the writing.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa


def insert_rows(
    connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]], *, new: bool = True
) -> None:
    """Insert them all; each has the same keys, which are columns.

    Raises IntegrityError as a single INSERT does; where they need not be ``new``, what is there already stays.
    """
    if not rows:
        return
    names = tuple(rows[0])
    values = [row[name] for row in rows for name in names]
    for first, name in enumerate(names):
        if process := table.c[name].type.dialect_impl(connection.dialect).bind_processor(connection.dialect):
            values[first :: len(names)] = [process(value) for value in values[first :: len(names)]]
    head = f"INSERT INTO {_name(connection, table)} ({', '.join(names)}) VALUES "  # noqa: S608  (our own names)
    tail = "" if new else " ON CONFLICT DO NOTHING"
    connection.exec_driver_sql(
        head + _marks(connection.dialect.paramstyle, len(rows), len(names)) + tail, tuple(values)
    )


def among(
    connection: sa.Connection, column: sa.Column[str], texts: Sequence[str], *wanted: sa.Column[Any]
) -> Sequence[sa.Row[Any]]:
    """The ``wanted`` columns of the rows whose ``column`` is one of the texts."""
    if not texts:
        return []
    names = ", ".join(each.name for each in wanted)
    statement = f"SELECT {names} FROM {_name(connection, column.table)} WHERE {column.name} IN "  # noqa: S608  (our own names)
    marks = _marks(connection.dialect.paramstyle, 1, len(texts))
    return connection.exec_driver_sql(statement + marks, tuple(texts)).all()


def _name(connection: sa.Connection, table: Any) -> str:
    schema = connection.get_execution_options().get("schema_translate_map", {}).get(table.schema)
    return f"{schema}.{table.name}" if schema else str(table.name)


@lru_cache(maxsize=1024)
def _marks(paramstyle: str, rows: int, columns: int) -> str:
    mark = "?" if paramstyle == "qmark" else "%s"
    return ", ".join([f"({', '.join([mark] * columns)})"] * rows)
