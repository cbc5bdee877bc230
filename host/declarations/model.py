"""What a folder declares, each with its place in its file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from ..definition.cursor import Cursor
from ..definition.model import Integration
from ..definition.problems import IntegrationInvalid, Problem
from ..definition.timetable import Timetable

Kind = Literal["connection", "customer", "integration", "instance", "user"]


class DeclarationsInvalid(IntegrationInvalid):
    """A folder that cannot be deployed as it stands: everything that is wrong in its files, by file and line."""

    kind = "declarations"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserved:
    """For a user of a customer, both by their external ids."""

    customer: str
    user: str
    source: Cursor = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredConnection:
    """``fields`` call secrets by their names and hold none; each stands at its ``places``.

    ``reserved_for`` is None where the file does not say: a new connection is everybody's then, another one stays as it is.
    """

    name: str
    component: str
    key: str
    fields: Mapping[str, Any]
    reserved_for: tuple[Reserved, ...] | None
    places: Mapping[str, Cursor] = field(repr=False)
    source: Cursor = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredUser:
    """An empty ``name`` is the external id."""

    external_id: str
    name: str
    email: str
    customer: str
    source: Cursor = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredCustomer:
    """An empty ``name`` leaves it as it is; a new customer is called by its external id then."""

    external_id: str
    name: str
    users: tuple[DeclaredUser, ...]
    source: Cursor = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredIntegration:
    name: str
    definition: Integration = field(repr=False)
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredInstance:
    """``enabled`` is None where the file does not say: a new instance is on then, another one stays as it is.

    ``schedules`` has, by flow, when it starts in place of what the integration says; None for as the integration says.
    """

    name: str
    integration: str
    customer: str
    config: Mapping[str, Any]
    enabled: bool | None
    schedules: Mapping[str, Timetable | None]
    source: Cursor = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declarations:
    """``name`` is the folder's: what it made is only ever removed by a folder of that name.

    ``problems`` are what its files have, and what :func:`.check` adds to them.
    """

    root: Path
    name: str
    problems: list[Problem] = field(default_factory=list)
    connections: tuple[DeclaredConnection, ...] = ()
    customers: tuple[DeclaredCustomer, ...] = ()
    integrations: tuple[DeclaredIntegration, ...] = ()
    instances: tuple[DeclaredInstance, ...] = ()

    def whole(self, folder: str) -> bool:
        """Whether all that lies in this folder could be read, so that what is not there is missing."""
        return not any(Path(problem.file).is_relative_to(self.root / folder) for problem in self.problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """Declarations that can be applied.

    ``configs`` has, by customer and name of an instance, what the host will keep of it: the values and connection ids of its
    config variables. A connection that is not made yet stands there under an id that begins with ``NEW``.
    """

    declarations: Declarations
    configs: Mapping[tuple[str, str], tuple[Mapping[str, Any], Mapping[str, str]]]


NEW = "new:"
