"""What an operation is: a plain function from one authenticated request to what is answered.

A `Resource` is declared once, with its path, its record and what may be given; list, fetch, create, update and delete
come from that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from string import Formatter
from typing import Any, Generic, TypeVar

from . import forms, shapes
from .access import Caller, permit
from .carrier import Carrier
from .errors import TwilioError
from .paging import Pager
from .records import Record
from .settings import new_sid
from .shelf import Shelf
from .state import State
from .switchboard import Switchboard

T = TypeVar("T", bound=Record)
ACCOUNT = f"/{shapes.VERSION}/Accounts/{{account_sid}}"


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One authenticated request. `path` is without product and extension, `body` is what JSON was sent, if any."""

    state: State
    caller: Caller
    product: str
    host: str  # by which this local Twilio was reached
    path: str
    extension: str
    ids: Mapping[str, str]
    query: Mapping[str, str]
    form: Mapping[str, Sequence[str]]
    body: Any
    carrier: Carrier
    switchboard: Switchboard

    def account(self, permission: str) -> str:
        """Return the account that is meant once `permission` is checked."""
        sid = self.ids.get("account_sid", self.caller.account_sid)
        permit(self.state, self.caller, sid, permission)
        return sid

    def given(self, name: str) -> str | None:
        return self.form[name][-1] if self.form.get(name) else None

    def missing(self) -> TwilioError:
        return TwilioError(20404, f"/{self.product}{self.path}{self.extension}".removeprefix("/api"))

    def envelope(self, name: str, items: Iterable[Any], shape: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        """Cut the page that is asked for out of `items`, newest first, and wrap it as this product does."""
        path = f"{self.path}.json" if self.product == "api" else self.path
        pager: Pager[Any] = Pager(path, self.query, lambda it: it.order, self.state.settings.auth_token.encode())
        page = pager.page(items)
        if self.product == "api":
            return pager.envelope(name, page, shape)
        return pager.meta_envelope(name, page, shape, f"{self.state.settings.url}/{self.product}")


@dataclass(frozen=True, slots=True)
class ApiResponse:
    data: dict[str, Any]
    status: int = 200
    name: str = ""  # of the element, where the path asks for XML
    location: str = ""  # where the bytes are: a redirect


Operation = Callable[[ApiRequest], ApiResponse]
Test = Callable[[Any], bool]


@dataclass(frozen=True, slots=True)
class Resource(Generic[T]):
    """`path` is the list's; its `{…}` are fields of the record. `shape` adds to what the record's fields say."""

    product: str
    path: str
    items: str
    element: str
    shelf: Callable[[State], Shelf[T]]
    permission: str
    record: type[T]
    prefix: str = ""
    writable: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    filters: Mapping[str, Callable[[str], Test]] = field(default_factory=dict)
    shape: Callable[[T, str], dict[str, Any]] = field(default=lambda _, __: {})
    parent: Resource[Any] | None = None
    only: Test = field(default=lambda _: True)
    may_delete: Test = field(default=lambda _: True)

    def shown(self, record: T, state: State) -> dict[str, Any]:
        """Return Twilio's JSON: the record's fields, where it is, and what `shape` says."""
        path = f"{self.path.format_map(_Fields(record))}/{record.sid}"
        if self.product == "api":
            data = shapes.fields_of(record, shapes.rfc2822) | {"api_version": shapes.VERSION, "uri": f"{path}.json"}
        else:
            path = f"{state.settings.url}/{self.product}{path}"
            data = shapes.fields_of(record, shapes.iso) | {"url": path}
        return {key: value for key, value in (data | self.shape(record, path)).items() if value is not shapes.ABSENT}

    def find(self, request: ApiRequest, permission: str, sid: str = "") -> T:
        """Return the record that the path names. Raises TwilioError 20404."""
        account = request.account(f"{self.permission}:{permission}")
        record = self.shelf(request.state).get(sid or request.ids["sid"])
        if record is None or record.account_sid != account or not self._belongs(request, record):
            raise request.missing()
        return record

    def _belongs(self, request: ApiRequest, record: T) -> bool:
        names = [name for _, name, _, _ in Formatter().parse(self.path) if name]
        return self.only(record) and all(
            getattr(record, name) == request.ids[name] for name in names if name in request.ids
        )

    def _parent(self, request: ApiRequest) -> None:
        if self.parent is not None:
            self.parent.find(request, "read", request.ids[_last(self.path)])

    def list(self, request: ApiRequest) -> ApiResponse:
        account = request.account(f"{self.permission}:read")
        self._parent(request)
        tests = [make(request.query[name]) for name, make in self.filters.items() if request.query.get(name)]
        wanted = (
            it
            for it in self.shelf(request.state).newest()
            if it.account_sid == account and self._belongs(request, it) and all(test(it) for test in tests)
        )
        data = request.envelope(self.items, wanted, lambda it: self.shown(it, request.state))
        return ApiResponse(data, name=shapes.camel(self.items))

    def fetch(self, request: ApiRequest) -> ApiResponse:
        return ApiResponse(self.shown(self.find(request, "read"), request.state), name=self.element)

    def create(self, request: ApiRequest) -> ApiResponse:
        account = request.account(f"{self.permission}:create")
        self._parent(request)
        given = forms.read(self.record, self.writable, request.form)
        for name in self.required:
            if not given.get(name):
                raise TwilioError(20001, f"Missing required parameter {shapes.camel(name)}")
        return self.add(request, account, **given)

    def add(self, request: ApiRequest, account: str, **fields: Any) -> ApiResponse:
        """Make one of these `fields`."""
        now = request.state.settings.clock()
        places = {name: request.ids[name] for name in request.ids if name not in ("account_sid", "sid")}
        usual: dict[str, Any] = {"sid": new_sid(self.prefix), "account_sid": account, "created": now, "updated": now}
        record = self.shelf(request.state).add(self.record(**usual | places | fields))
        return ApiResponse(self.shown(record, request.state), 201, self.element)

    def update(self, request: ApiRequest) -> ApiResponse:
        record = self.find(request, "update")
        changes = forms.read(self.record, self.writable, request.form)
        changed = self.shelf(request.state).change(record.sid, **changes)
        return ApiResponse(self.shown(changed or record, request.state), name=self.element)

    def delete(self, request: ApiRequest) -> ApiResponse:
        record = self.find(request, "delete")
        if not self.may_delete(record):
            raise TwilioError(20009)
        self.shelf(request.state).remove(record.sid)
        return ApiResponse({}, 204)

    def routes(self, **own: Operation) -> dict[str, dict[str, Operation]]:
        """Return paths, each with its methods, for the `own` operations and those named None that it has itself."""
        places = {"list": ("", "GET"), "create": ("", "POST")}
        places |= {"fetch": ("/{sid}", "GET"), "update": ("/{sid}", "POST"), "delete": ("/{sid}", "DELETE")}
        made: dict[str, dict[str, Operation]] = {}
        for name, operation in own.items():
            tail, method = places[name]
            made.setdefault(f"/{self.product}{self.path}{tail}", {})[method] = operation
        return made


class _Fields(Mapping[str, str]):
    """A record's fields, for the places in a path."""

    def __init__(self, record: Record) -> None:
        self._record = record

    def __getitem__(self, name: str) -> str:
        return str(getattr(self._record, name))

    def __iter__(self) -> Any:
        raise TypeError

    def __len__(self) -> int:
        return 1


def _last(path: str) -> str:
    return path.rpartition("{")[2].partition("}")[0]


def equal(name: str) -> Callable[[str], Test]:
    """A filter by a field that must be the same."""
    return lambda wanted: lambda it: getattr(it, name) == wanted
