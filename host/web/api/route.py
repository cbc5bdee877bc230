"""A route of the API: declared once, served and documented from that."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeVar

from pydantic import BaseModel
from starlette.routing import compile_path

from ...host import Host
from .problems import missing

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request that was let in, read and checked. ``who`` is ``api:<token>`` or ``page:<session>``."""

    host: Host
    who: str
    path: Mapping[str, str] = field(default_factory=dict)
    query: Any = None
    body: Any = None
    key: str | None = None
    document: Callable[[], dict[str, Any]] = dict


@dataclass(frozen=True, kw_only=True)
class Route:
    """``handle`` runs in a thread; what it gives is made into ``gives``, None for no content.

    ``takes`` is the JSON body, ``asks`` the query. With ``uploads`` the body may be a ZIP file instead, which is handed to
    the handler as bytes. ``slow`` ones wait for a service: they have threads of their own. ``status`` where it went well.
    """

    method: Method
    path: str
    handle: Callable[[Call], Any]
    summary: str
    tag: str
    gives: type[BaseModel] | None = None
    takes: type[BaseModel] | None = None
    asks: type[BaseModel] | None = None
    uploads: bool = False
    slow: bool = False
    keyed: bool = False
    status: int = 200

    @property
    def writes(self) -> bool:
        """Whether a token needs the scope ``write``: whatever does more than read what is here."""
        return self.method != "GET"

    def match(self, path: str) -> dict[str, str] | None:
        """The values in an address that is one of this route's; None for another."""
        found = self._pattern.fullmatch(path)
        return found.groupdict() if found else None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return compile_path(self.path)[0]

    @property
    def address(self) -> str:
        """The path as OpenAPI writes it."""
        return self.path.replace(":path}", "}")

    @cached_property
    def name(self) -> str:
        """The operation's id, such as ``connectionsCreate``."""
        module = self.handle.__module__.rpartition(".")[2]
        parts = f"{module}_{self.handle.__name__}".split("_")
        return parts[0] + "".join(part.title() for part in parts[1:])


def found(thing: T | None, what: str) -> T:
    """Raises a problem with status 404 for None."""
    if thing is None:
        raise missing(what)
    return thing
