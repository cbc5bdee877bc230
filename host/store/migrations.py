"""How an older database becomes today's: forward only, in the transaction of the first process that starts, while others wait.

**Who changes the schema** raises ``VERSION`` in schema.py and keeps to this:

- A new table, index or column stands in schema.py and is added from there. A column is nullable or has a server default.
- What must happen to rows as well is a step here, under the new version's number. It finds the new tables and columns there.
- Processes of the version before run on beside the new ones until the last is replaced: they insert rows without the new
  columns and read the old ones. So nothing is renamed, removed or filled with what they do not understand before a later one.
- ``tests/host/store/test_migrations.py`` holds databases of old versions: add one of the version that you leave.
"""

from collections.abc import Callable, Mapping

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from ...connector.context import utc_now
from ..definition.timetable import Timetable
from .schema import endpoints, instances, metadata, schedules

Step = Callable[[sa.Connection], None]


def follow_instances(connection: sa.Connection) -> None:
    """A schedule has a next time while its instance is on, and none while it is off: that was not so after every deployment."""
    on = sa.select(endpoints.c.id).join(instances, instances.c.id == endpoints.c.instance_id).where(instances.c.enabled)
    off = schedules.c.endpoint_id.not_in(on)
    connection.execute(
        sa.update(schedules).where(off).values(next_at=None, regular_at=None, lease=None, lease_until=None)
    )
    dead = sa.select(schedules.c.endpoint_id, schedules.c.plan, schedules.c.override)
    for row in connection.execute(dead.where(~off, schedules.c.next_at.is_(None))).all():
        next_at = Timetable.parse(row.override or row.plan).after(utc_now())
        connection.execute(
            sa.update(schedules).where(schedules.c.endpoint_id == row.endpoint_id).values(next_at=next_at)
        )


STEPS: Mapping[int, Step] = {5: follow_instances}
"""By the version that each leads to."""


def migrate(connection: sa.Connection, found: int, version: int) -> None:
    """From version ``found`` to ``version``. Tables that are missing were made already."""
    add_missing(connection)
    for number in range(found + 1, version + 1):
        STEPS.get(number, _nothing)(connection)


def add_missing(connection: sa.Connection) -> None:
    """Add the columns and indexes that the tables have in schema.py and not here."""
    there = sa.inspect(connection)
    schema = connection.get_execution_options().get("schema_translate_map", {}).get(None)
    for table in metadata.sorted_tables:
        known = {column["name"] for column in there.get_columns(table.name, schema=schema)}
        for column in table.columns:
            if column.name not in known:
                connection.execute(AddColumn(column))
    for table in metadata.sorted_tables:
        for index in table.indexes:
            index.create(connection, checkfirst=True)


class AddColumn(sa.schema.ExecutableDDLElement):
    """ALTER TABLE … ADD COLUMN."""

    inherit_cache = False

    def __init__(self, column: sa.Column[object]) -> None:
        self.column = column


@compiles(AddColumn)
def _add_column(element: AddColumn, compiler: sa.sql.compiler.DDLCompiler, **_: object) -> str:
    table = compiler.preparer.format_table(element.column.table)
    return f"ALTER TABLE {table} ADD COLUMN {compiler.get_column_specification(element.column)}"


def _nothing(_: sa.Connection) -> None:
    """A version that only added."""
