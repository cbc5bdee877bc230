"""Writes that are made together."""

import threading
import time

import pytest
import sqlalchemy as sa
from twilio_connector.host.store import commit, late
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


class Away:
    """A database that can be away."""

    def __init__(self, engine):
        self.is_away, self.written, self.tried = True, [], threading.Event()
        self.group = GroupCommit(engine, self._apply, depth=0, batch=100)

    def _apply(self, connection, items):
        self.tried.set()
        if self.is_away:
            raise sa.exc.OperationalError("SELECT 1", {}, ConnectionError("the server closed the connection"))
        if "bad" in items:
            raise ZeroDivisionError
        self.written.append(list(items))
        return items


@pytest.fixture
def away(store, monkeypatch):
    monkeypatch.setattr(late, "AGAIN", 0.05)
    made = Away(store.engine)
    yield made
    made.is_away = False
    made.group.close()


def test_what_nobody_waits_for_is_written_when_the_database_is_there_again(away):
    for text in ("a step's end", "a line of its log"):
        away.group.put_later(text)
    with pytest.raises(sa.exc.OperationalError):  # who waits is told, and brings it again
        away.group.put("the next step's beginning").result(10)
    away.is_away = False
    away.group.put("the next step's beginning").result(10)
    away.group.close()
    assert sorted(text for items in away.written for text in items) == [
        "a line of its log",
        "a step's end",
        "the next step's beginning",
    ]


def test_it_is_tried_again_where_nothing_else_comes(away):
    away.group.put_later("a step's end")
    assert away.tried.wait(10)
    away.is_away = False
    deadline = time.monotonic() + 10
    while not away.written and time.monotonic() < deadline:
        time.sleep(0.01)
    assert away.written == [["a step's end"]]


def test_what_there_is_no_room_for_and_what_is_bad_is_told_in_the_log(away, monkeypatch, caplog):
    monkeypatch.setattr(late, "MOST", 2)
    for number in range(5):
        away.group.put_later(number)
    with pytest.raises(sa.exc.OperationalError):
        away.group.put("somebody's").result(10)
    away.is_away = False
    away.group.put_later("bad")
    away.group.close()
    assert sorted(number for items in away.written for number in items) == [0, 1]
    assert sum(int(record.getMessage().partition(" ")[0]) for record in caplog.records) == 4
    assert ["ConnectionError" in caplog.text, "ZeroDivisionError" in caplog.text] == [True, True]


def test_what_is_kept_at_the_end_of_a_host_whose_database_is_away_is_told(away, caplog):
    away.group.put_later("a step's end")
    away.group.close()
    assert "1 records" in caplog.text


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


class Crowded:
    """An engine all of whose connections are out."""

    def __init__(self):
        self.asked = 0

    def connect(self):
        self.asked += 1
        raise sa.exc.TimeoutError


def test_a_batch_waits_for_a_connection_once_and_not_for_each_of_its_items(monkeypatch):
    monkeypatch.setattr(commit, "RIDE", 60.0)
    monkeypatch.setattr(late, "AGAIN", 60.0)
    engine = Crowded()
    group = GroupCommit(engine, lambda _, items: items, depth=0, batch=100)
    for text in ("a step's end", "a line of its log"):
        group.put_later(text)
    with pytest.raises(sa.exc.TimeoutError):
        group.put("the next step's beginning").result(10)
    assert engine.asked <= 2  # once more for what nobody waits for
    group.close()
