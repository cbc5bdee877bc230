"""Units tried from a form: an action for real, a data source's choices. A form that is sent again does nothing twice."""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from ...connector.component import Action, Component, DataSource, Unit
from ...connector.context import ActionContext
from ...connector.errors import ConnectionFailed, InvalidInput
from ...connector.http import Transport
from ...connector.manifest import inputs_of
from ...connector.result import ActionResult
from ..integrations.configuration import Configuration
from ..operating.changes import Changes
from ..secrets.redact import Redactor
from ..store import Store
from . import outcome

KEPT = 64
"""How many forms may be open at once; the oldest is then sent in vain, and says so."""

Input = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Trial:
    """How it went: ``result`` has the fields of an ActionResult, or ``error`` says what was wrong; no secret in either.

    ``given`` are the values of the form, those of connections as their ids, without secrets.
    """

    unit: Unit
    given: Mapping[str, Any]
    seconds: float
    result: ActionResult | None = None
    error: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Trials:
    """``limit`` is how many bytes of a result are kept."""

    store: Store
    configuration: Configuration
    transport: Transport
    redactor: Redactor
    changes: Changes
    limit: int
    _forms: OrderedDict[str, Future[Trial] | None] = field(default_factory=OrderedDict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def form(self) -> str:
        """The key of a new form: it is sent once, however often it is submitted."""
        key = secrets.token_urlsafe(16)
        with self._lock:
            while len(self._forms) >= KEPT:
                self._forms.popitem(last=False)
            self._forms[key] = None
        return key

    def of(self, key: str) -> Trial | None:
        """How the form of that key went; None before its end, and for one that is not known any more."""
        with self._lock:
            future = self._forms.get(key)
        return future.result() if future and future.done() and not future.exception() else None

    def run(self, key: str, unit: Unit, given: Mapping[str, Any]) -> Trial:
        """Try it, or wait for the same form's first trial. Raises InvalidInput for a form that is not known any more."""
        with self._lock:
            if key not in self._forms:
                raise InvalidInput(
                    "the form is from before this host started, or too old to tell whether it was sent already; nothing was "
                    "sent now: look at it and send it again",
                    field="form",
                )
            future = self._forms[key]
            mine: Future[Trial] | None = None
            if future is None:
                future = self._forms[key] = mine = Future()
        if mine is not None:
            mine.set_result(self._tried(unit, given))
        return future.result()

    def choices(self, component: Component, key: str, given: Mapping[str, Any]) -> list[dict[str, str]]:
        """What a data source offers; ``given`` are a form's values, the first connection of which it uses."""
        source = component.data_sources.get(key)
        if source is None:
            raise InvalidInput(f"{component.key} has no data source {key!r}", field=key)
        connection = next((value for value in given.values() if self._is_connection(component, value)), "")
        if source.connection_inputs and not connection:
            raise InvalidInput("choose a connection first", field="connection")
        known = {item["key"] for item in inputs_of(source.model)} - set(source.connection_inputs)
        values = {name: value for name, value in given.items() if name in known}
        values |= dict.fromkeys(source.connection_inputs, connection)
        offered = source.perform(ActionContext(transport=self.transport), self._opened(source, values))
        return [{"label": str(item["label"]), "key": str(item["key"])} for item in offered]

    def _is_connection(self, component: Component, value: Any) -> bool:
        record = self.store.connections.get(value) if isinstance(value, str) else None
        return record is not None and record.component == component.key

    def _tried(self, unit: Unit, given: Mapping[str, Any]) -> Trial:
        shown, began = _without_secrets(unit, given), time.monotonic()
        try:
            result = self._perform(unit, given)
        except BaseException as error:  # noqa: BLE001 (a component may raise anything; the page says what)
            told = self.redactor.strike_all(outcome.describe(error))
            return Trial(unit=unit, given=shown, seconds=time.monotonic() - began, error=told)
        return Trial(unit=unit, given=shown, seconds=time.monotonic() - began, result=result)

    def _perform(self, unit: Unit, given: Mapping[str, Any]) -> ActionResult:
        values, context = self._opened(unit, given), ActionContext(transport=self.transport)
        if isinstance(unit, DataSource):
            return self._portable(ActionResult(data=unit.perform(context, values)))
        if not isinstance(unit, Action):
            raise InvalidInput(f"{unit.key} is started by events; it cannot be tried from a form", field="unit")
        with self.changes.running("action.try", f"{unit.component.key}.{unit.key}", self._names(unit, given)):
            return self._portable(unit.perform(context, values))

    def _portable(self, result: ActionResult) -> ActionResult:
        """As a flow would get it, without secrets."""
        kept = outcome.unpack(outcome.pack(result, self.limit))
        return ActionResult(**self.redactor.strike_all(_vars(kept)))

    def _opened(self, unit: Unit, given: Mapping[str, Any]) -> dict[str, Any]:
        self.redactor.learn(str(given[key]) for key in _secret_inputs(unit) if given.get(key))
        return {k: self._open(unit, v) if v and k in unit.connection_inputs else v for k, v in given.items()}

    def _open(self, unit: Unit, connection_id: str) -> dict[str, Any]:
        record = self.store.connections.get(connection_id)
        if record is None or record.component != unit.component.key:
            raise InvalidInput("connection: it was removed; choose another", field="connection")
        if record.reserved_for:
            raise ConnectionFailed(
                f"{record.name!r} is reserved for users: only flows that run as one of them may use it"
            )
        return self.configuration.open(record)

    def _names(self, unit: Unit, given: Mapping[str, Any]) -> str:
        records = [self.store.connections.get(str(given.get(key, ""))) for key in unit.connection_inputs]
        return ", ".join(record.name for record in records if record)


def _vars(result: ActionResult) -> dict[str, Any]:
    return {name: getattr(result, name) for name in ActionResult.__slots__}


def _secret_inputs(unit: Unit) -> Sequence[str]:
    return [item["key"] for item in inputs_of(unit.model) if item["type"] == "password"]


def _without_secrets(unit: Unit, given: Mapping[str, Any]) -> dict[str, Any]:
    hidden = set(_secret_inputs(unit))
    return {key: value for key, value in given.items() if key not in hidden}
