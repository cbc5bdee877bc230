"""From the folder's files to what they declare, or every problem that keeps them from being read."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from ..definition import parse, tree
from ..definition.cursor import Cursor, Notes
from ..definition.problems import IntegrationInvalid, Problem, Where
from ..definition.timetable import Timetable
from ..registry import Registry
from .connections import read_connection
from .files import Folder
from .model import Declarations, DeclaredCustomer, DeclaredInstance, DeclaredIntegration, DeclaredUser

D = TypeVar("D")


def read(folder: Path, registry: Registry, name: str = "") -> Declarations:
    """What the folder declares, under that name or its own, with the problems of its files."""
    source = Folder(folder)
    source.check()
    reading = _Reading(source)
    return Declarations(
        root=folder,
        problems=source.problems,
        name=name.strip() or folder.resolve().name,
        connections=tuple(reading.each("connections", lambda cursor: read_connection(cursor, registry))),
        customers=tuple(reading.each("customers", _customer)),
        integrations=tuple(reading.integrations()),
        instances=tuple(reading.each("instances", _instance)),
    )


class _Reading:
    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._problems: list[Problem] = folder.problems

    def each(self, kind: str, reader: Callable[[Cursor], D]) -> Iterator[D]:
        for path, data in self._folder.files(kind):
            notes = Notes(str(path))
            try:
                root = tree.read(data, notes.file)
                found = reader(Cursor(root, Where(root.line), notes))
            except IntegrationInvalid as error:
                self._problems += error.problems
                continue
            self._problems += notes.problems
            if not notes.problems:
                notes.problems = self._problems  # what is found later joins the others
                yield found

    def integrations(self) -> Iterator[DeclaredIntegration]:
        for path, data in self._folder.definitions():
            try:
                definition = parse(data, file=str(path), folder=path.resolve().parent)
            except IntegrationInvalid as error:
                self._problems += error.problems
                continue
            yield DeclaredIntegration(name=definition.name, definition=definition, path=path)


def _customer(cursor: Cursor) -> DeclaredCustomer:
    cursor.only("externalId", "name", "users")
    external_id = cursor.required("externalId").strip()
    users = tuple(_user(item, external_id) for item in cursor.each("users"))
    return DeclaredCustomer(external_id=external_id, name=cursor.text("name"), users=users, source=cursor)


def _user(cursor: Cursor, customer: str) -> DeclaredUser:
    cursor.only("externalId", "name", "email")
    return DeclaredUser(
        external_id=cursor.required("externalId").strip(),
        name=cursor.text("name").strip(),
        email=cursor.text("email").strip(),
        customer=customer,
        source=cursor,
    )


def _instance(cursor: Cursor) -> DeclaredInstance:
    cursor.only("integration", "customer", "name", "config", "enabled", "schedules")
    integration = cursor.required("integration")
    return DeclaredInstance(
        name=cursor.text("name").strip() or integration,
        integration=integration,
        customer=cursor.required("customer").strip(),
        config={key: tree.plain(value.node) for key, value in cursor.pairs("config")},
        enabled=cursor.flag("enabled") if cursor.find("enabled") else None,
        schedules={flow: _timetable(value) for flow, value in cursor.pairs("schedules")},
        source=cursor,
    )


def _timetable(cursor: Cursor) -> Timetable | None:
    text = cursor.scalar()
    try:
        return None if tree.plain(cursor.node) is None else Timetable.parse(text)
    except ValueError as error:
        cursor.problem(str(error))
        return None
