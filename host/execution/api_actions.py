"""Actions run from outside of a flow, each done at most once for a key.

    a key that is new        ──▶ the call is written down, then done, then its outcome is written down and given
    used, and done           ──▶ what the first call gave
    used, and at work        ──▶ AtWork
    used, its process dead   ──▶ done again where that harms nothing or the action looks first, else OutcomeUnknown

A process that was taken for dead and lives sends nothing more of a call that another has taken over.
An outcome that says that nothing was done is not kept: the same key may be used again. What a call made at the service is
claimed for it, like what a step made, so that neither takes the other's for its own.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from threading import Lock
from typing import Any

from ...connector.component import Action, DataSource, Unit
from ...connector.context import ActionContext
from ...connector.errors import ConnectionFailed, ConnectorError, InvalidInput, OutcomeUnknown, TryLater, is_told
from ...connector.http import Transport
from ...connector.result import ActionResult
from ..loggers import logger
from ..operating.changes import Changes, by
from ..processes.life import HeldTransport, Stopping
from ..processes.presence import Presence
from ..store import portable
from ..store.api_actions import ApiActionRecord, Begun
from ..store.connections import ConnectionRecord
from . import outcome
from .claims import StepClaims
from .runtime import Runtime

NOTHING_DONE = frozenset({"input", "connection", "retry"})
"""Kinds of errors after which the same key may be used again."""

log = logger("calls")


class AtWork(ConnectorError):
    """The same call is at work just now; nothing was done by this one."""

    kind = "busy"
    exit_status = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """``inputs`` by name, connections apart from them: ``connection`` is a name, an id or ``{"key", "fields"}``."""

    who: str
    inputs: Mapping[str, Any] = field(repr=False)
    connection: Any = field(default=None, repr=False)
    key: str | None = None

    def key_digest(self) -> str | None:
        return None if self.key is None else _digest([self.who, self.key])


@dataclass(frozen=True)
class ApiActions:
    runtime: Runtime
    transport: Transport
    presence: Presence
    changes: Changes
    _running: set[str] = field(default_factory=set, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def perform(self, action: Action, asked: Asked) -> tuple[ActionResult, bool]:
        """The result, and whether it is that of an earlier call with the same key. Raises ConnectorError, AtWork."""
        values = self._values(action, asked)
        if asked.key is None and action.repeatable:
            with self._noted(action, asked):
                return self._read(action, values), False
        call, begun = self._begin(action, asked, values)
        if begun == "known":
            return outcome.unpack(self._outcome(call)), True
        try:
            with self._noted(action, asked):
                return self._do(action, asked, values, call, again=begun == "again"), False
        finally:
            with self._lock:
                self._running.discard(call.id)

    def choices(self, unit: DataSource, asked: Asked) -> list[dict[str, str]]:
        """What a data source offers. Raises ConnectorError."""
        return unit.perform(ActionContext(transport=self.transport), self._values(unit, asked))

    @contextmanager
    def _noted(self, action: Action, asked: Asked) -> Iterator[None]:
        """In the log of changes, whatever comes of it."""
        given = _given(action, asked)
        on = ", ".join(self._name(given[key]) for key in action.connection_inputs if given.get(key))
        with by(asked.who), self.changes.running("action.run", f"{action.component.key}.{action.key}", on):
            yield

    def _name(self, given: Any) -> str:
        """Of a connection; what is in one that came with the call is nobody's to read."""
        record = self._record(given) if isinstance(given, str) else None
        return record.name if record else "a connection that is not kept here"

    def _record(self, given: str) -> ConnectionRecord | None:
        store = self.runtime.store.connections
        return store.named(given) or store.get(given)

    def _begin(self, action: Action, asked: Asked, values: Mapping[str, Any]) -> tuple[ApiActionRecord, Begun]:
        self.presence.begin()
        fingerprint = _digest([asked.key, action.component.key, action.key, asked.connection, dict(asked.inputs)])

        def takes_over(known: ApiActionRecord) -> bool:
            if known.fingerprint != fingerprint:
                raise InvalidInput(_ANOTHER, field="Idempotency-Key")
            return self._takes_over(known, may_repeat=action.may_repeat(values))

        with self._lock:
            call, begun = self.runtime.store.api_actions.begin(
                key_digest=asked.key_digest(),
                fingerprint=fingerprint,
                who=asked.who,
                component=action.component.key,
                action=action.key,
                owner=self.presence.name,
                takes_over=takes_over,
            )
            if begun != "known":
                self._running.add(call.id)
        return call, begun

    def _takes_over(self, known: ApiActionRecord, *, may_repeat: bool) -> bool:
        """Raises AtWork, and OutcomeUnknown for what nobody can tell."""
        if known.ended_at is not None:
            return may_repeat and _is_unknown(self._outcome(known))
        is_own = known.owner == self.presence.name
        if known.id in self._running if is_own else self.presence.lives(known.owner):
            raise AtWork("the first call with this Idempotency-Key is at work; ask again", retry_after=1)
        if not may_repeat:
            began = f"{known.created_at:%Y-%m-%d %H:%M:%S} UTC"
            raise OutcomeUnknown(
                f"the host died, or lost its database, at work on the first call with this Idempotency-Key, begun {began}; "
                "look whether it was done, and use another key to do it again"
            )
        return True

    def _read(self, action: Action, values: Mapping[str, Any]) -> ActionResult:
        """What changes nothing is not kept."""
        try:
            return self._act(action, values, ActionContext(transport=self.transport, sleep=self._nap))[0]
        except Stopping:
            raise TryLater("the host is stopping; repeat it in a moment", retry_after=5) from None

    def _do(
        self, action: Action, asked: Asked, values: Mapping[str, Any], call: ApiActionRecord, *, again: bool
    ) -> ActionResult:
        claims = StepClaims(runtime=self.runtime, component=action.component.key, call_id=call.id, step="call")
        transport = HeldTransport(self.transport, lambda: self._require(call)) if asked.key else self.transport
        context = ActionContext(transport=transport, claims=claims, execution_id=call.id, sleep=self._nap)
        if again:
            context = replace(context, first_attempt=call.created_at)
        try:
            return self._kept(action, asked, values, call, context)
        except Stopping:
            why = "the host stopped" if self.runtime.stopping.is_set() else "another process took it over"
            raise OutcomeUnknown(f"{why} while it was at work; ask again with the same Idempotency-Key") from None

    def _require(self, call: ApiActionRecord) -> None:
        """Raises Stopping where another process has the call by now: it took this one for dead.

        That happens to a process that lives when its session at the database ends. So no request leaves before the process
        is known to live again, and from then on what is its own stays its own.
        """

        def is_ours() -> bool:
            self.presence.begin()
            return self.runtime.store.api_actions.is_at(call.id, self.presence.name)

        if not self.runtime.patiently(is_ours):
            raise Stopping

    def _kept(
        self, action: Action, asked: Asked, values: Mapping[str, Any], call: ApiActionRecord, context: ActionContext
    ) -> ActionResult:
        try:
            result, text = self._act(action, values, context)
        except ConnectorError as error:
            self._failed(error, asked, call)
            raise
        self._keep(call, text if asked.key else "")
        return result

    def _failed(self, error: ConnectorError, asked: Asked, call: ApiActionRecord) -> None:
        if error.kind in NOTHING_DONE:
            self.runtime.patiently(lambda: self.runtime.store.api_actions.forget(call.id, self.presence.name))
        else:
            self._keep(call, outcome.pack_error(error) if asked.key else "")

    def _act(self, action: Action, values: Mapping[str, Any], context: ActionContext) -> tuple[ActionResult, str]:
        """The result as it can be kept. Raises ConnectorError, whatever the unit raises."""
        try:
            text = outcome.pack(action.perform(context, values), self.runtime.limits.step)
        except Exception as error:
            if not is_told(error):
                log.exception("the action %s of %s failed", action.key, action.component.key)
            raise outcome.revive(outcome.describe(error)) from None
        return outcome.unpack(text), text

    def _keep(self, call: ApiActionRecord, text: str) -> None:
        """A text with a secret in it is kept as ciphertext."""
        if self.runtime.redactor.strike(text) == text:
            given = {"outcome": text}
        else:
            given = {"sealed": self.runtime.configuration.vault.seal(call.id, {"text": text})}
        self.runtime.patiently(lambda: self.runtime.store.api_actions.end(call.id, self.presence.name, **given))

    def _outcome(self, call: ApiActionRecord) -> str:
        if not call.sealed:
            return call.outcome
        return str(self.runtime.configuration.vault.unseal(call.id, call.sealed)["text"])

    def _values(self, unit: Unit, asked: Asked) -> dict[str, Any]:
        """Raises InvalidInput and ConnectionFailed."""
        given = _given(unit, asked)
        return given | {k: self._connection(unit, given[k]) for k in unit.connection_inputs if given.get(k)}

    def _connection(self, unit: Unit, given: Any) -> Any:
        if not isinstance(given, str):
            return given
        record = self._record(given)
        if record is None or record.component != unit.component.key:
            raise InvalidInput(
                f"connection: there is no connection {given!r} of {unit.component.key}; give a name or an id",
                field="connection",
            )
        if record.reserved_for:
            raise ConnectionFailed(
                f"connection: {record.name!r} is reserved for users of a customer; only flows that run as one of them use it",
                field="connection",
            )
        return self.runtime.configuration.open(record)

    def _nap(self, seconds: float) -> None:
        if self.runtime.stopping.wait(seconds):
            raise Stopping


_ANOTHER = "Idempotency-Key: was used for another request; use a key once, and again only to repeat the very same"


def _given(unit: Unit, asked: Asked) -> dict[str, Any]:
    """The inputs, with the connection for each that takes one."""
    connection = {} if asked.connection is None else dict.fromkeys(unit.connection_inputs, asked.connection)
    return {**connection, **asked.inputs}


def _is_unknown(text: str) -> bool:
    found = portable.loads(text).get("error") if text else None
    return isinstance(found, dict) and found.get("kind") == "unknown"


def _digest(value: Any) -> str:
    return sha256(portable.dumps(value).encode()).hexdigest()
