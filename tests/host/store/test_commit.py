"""Writes that are made together."""

import threading

import pytest
import sqlalchemy as sa
from twilio_connector.host.store import commit
from twilio_connector.host.store.commit import Busy, GroupCommit


class Writer:
    """Writes down in which transaction each item was written."""

    def __init__(self, engine):
        self.transactions, self.written = [], threading.Event()
        self.group = GroupCommit(engine, self._apply, depth=0, batch=100)

    def _apply(self, connection, items):
        connection.execute(sa.text("SELECT 1"))
        self.transactions.append(list(items))
        self.written.set()
        return items


@pytest.fixture
def writer(store):
    made = Writer(store.engine)
    yield made
    made.group.close()


def test_what_nobody_waits_for_is_written_with_the_next_that_somebody_does(writer, monkeypatch):
    monkeypatch.setattr(commit, "RIDE", 60.0)
    writer.group.put_later("a step's end")
    writer.group.put_later("a line of its log")
    assert writer.group.put("the next step's beginning").result(10) == "the next step's beginning"
    assert writer.transactions == [["a step's end", "a line of its log", "the next step's beginning"]]


def test_it_is_written_by_itself_where_nothing_else_comes(writer):
    writer.group.put_later("a step's end")
    assert writer.written.wait(10)
    assert writer.transactions == [["a step's end"]]


def test_it_is_written_at_the_end_and_refused_after_it(writer, monkeypatch):
    monkeypatch.setattr(commit, "RIDE", 60.0)
    writer.group.put_later("a step's end")
    writer.group.close()
    assert writer.transactions == [["a step's end"]]
    with pytest.raises(Busy):
        writer.group.put_later("more")


def test_what_cannot_be_written_leaves_the_next_a_connection(store):
    broken = [True]

    def apply(connection, items):
        connection.execute(sa.text("SELECT 1"))
        if broken.pop():
            raise ZeroDivisionError
        broken.append(False)
        return items

    group = GroupCommit(store.engine, apply, depth=0, batch=1)
    assert isinstance(group.put(1).exception(10), ZeroDivisionError)
    broken.append(False)
    assert [group.put(number).result(10) for number in (2, 3)] == [2, 3]
    group.close()
    assert store.engine.pool.checkedout() == 0
