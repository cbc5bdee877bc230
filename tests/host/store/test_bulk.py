"""Many rows in one statement, with the types and the errors that a single INSERT has."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from twilio_connector.host.store.bulk import among, insert_rows
from twilio_connector.host.store.schema import identities

TIME = datetime(2026, 11, 21, 9, 47, 6, 123000, tzinfo=UTC)
ROWS = [{"digest": digest, "execution_id": f"of {digest}", "created_at": TIME} for digest in ("a", "b'c", "d%s")]


def test_rows_are_as_they_were_given(store):
    with store.engine.begin() as connection:
        insert_rows(connection, identities, ROWS)
        insert_rows(connection, identities, [])
        found = connection.execute(sa.select(identities).order_by(identities.c.digest)).mappings().all()
    assert found == ROWS


def test_one_that_is_there_refuses_them_all(store):
    with store.engine.begin() as connection:
        insert_rows(connection, identities, ROWS[:1])
    with pytest.raises(sa.exc.IntegrityError), store.engine.begin() as connection:
        insert_rows(connection, identities, ROWS)
    with store.engine.begin() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(identities)) == 1


def test_one_that_is_there_stays_where_they_need_not_be_new(store):
    with store.engine.begin() as connection:
        insert_rows(connection, identities, ROWS[:1])
        insert_rows(connection, identities, [row | {"execution_id": "later"} for row in ROWS], new=False)
        found = connection.execute(sa.select(identities.c.execution_id).order_by(identities.c.digest)).scalars().all()
    assert found == ["of a", "later", "later"]


def test_rows_are_found_by_any_of_many_texts(store):
    with store.engine.begin() as connection:
        insert_rows(connection, identities, ROWS)
        found = among(connection, identities.c.digest, ["b'c", "x", "a"], identities.c.execution_id)
        assert sorted(row.execution_id for row in found) == ["of a", "of b'c"]
        assert among(connection, identities.c.digest, [], identities.c.execution_id) == []
