"""The host's tables, the same on SQLite and Postgres. Times are ISO text in UTC that sorts; JSON is ASCII text."""

from datetime import datetime
from typing import Any, Literal, cast, get_args

import sqlalchemy as sa

from . import portable

VERSION = 5  # a change of the schema raises it: see migrations.py


class Instant(sa.TypeDecorator[datetime]):
    """An aware datetime kept as ``2026-11-21T09:47:06.123Z``: comparable as text, the same in both databases."""

    impl = sa.String(24)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else portable.instant(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else datetime.fromisoformat(value)


class Json(sa.TypeDecorator[Any]):
    """Portable JSON text; see :mod:`.portable`."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else portable.dumps(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> Any:  # noqa: ARG002
        return None if value is None else portable.loads(value)


class Sealed(sa.Text):
    """Ciphertext of the vault, or empty. What is sealed is found by this type: see host/secrets/rotation.py."""


metadata = sa.MetaData()


def _ref(target: str, *, cascade: bool = True, **kwargs: Any) -> sa.Column[Any]:
    name = target.split(".", maxsplit=1)[0].removesuffix("s") + "_id"
    foreign = sa.ForeignKey(target, ondelete="CASCADE" if cascade else "RESTRICT")
    return sa.Column(name, sa.String(64), foreign, **({"nullable": False} | kwargs))


meta = sa.Table("meta", metadata, sa.Column("key", sa.String(64), primary_key=True), sa.Column("value", sa.Text))

customers = sa.Table(
    "customers",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("external_id", sa.Text, nullable=False, unique=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
)

# On whose behalf flows run. Their ids may stay in connections and executions after them.
users = sa.Table(
    "users",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    _ref("customers.id"),
    sa.Column("external_id", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.UniqueConstraint("customer_id", "external_id"),
)

connections = sa.Table(
    "connections",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("component", sa.Text, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("secret", Sealed, nullable=False),
    sa.Column("reserved_for", Json, nullable=False, server_default="[]"),  # ids of users; empty for everybody
    sa.Column("verdict", sa.Text),
    sa.Column("healthy", sa.Boolean),
    sa.Column("tested_at", Instant),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
)

# Sealed, and called by their names in connections; see host/secrets/named_secrets.py.
named_secrets = sa.Table(
    "named_secrets",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("secret", Sealed, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
)

# What a team's folder made, so that only that is ever removed with it, and what did not go well; see host/declarations/.
declared = sa.Table(
    "declared",
    metadata,
    sa.Column("kind", sa.String(16), primary_key=True),
    sa.Column("subject_id", sa.String(64), primary_key=True),
    sa.Column("folder", sa.Text, nullable=False),
    sa.Column("made", sa.Boolean, nullable=False),
    sa.Column("failed", sa.Boolean, nullable=False),
)

# Who changed what; see host/operating/changes.py.
changes = sa.Table(
    "changes",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("what", sa.String(64), nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("summary", sa.Text, nullable=False),
)

# API tokens, known by the SHA-256 of what their holder has: that is random, so it is enough.
tokens = sa.Table(
    "tokens",
    metadata,
    sa.Column("name", sa.String(100), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False, unique=True),
    sa.Column("prefix", sa.String(16), nullable=False),
    sa.Column("scope", sa.String(16), nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant),
    sa.Column("used_at", Instant),
)

# Who is signed in to the pages, and the links that sign in once; for every process of the host, and known by SHA-256.
sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(16), nullable=False),  # link or session
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
)

integrations = sa.Table(
    "integrations",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("name", sa.Text, nullable=False, unique=True),
    sa.Column("created_at", Instant, nullable=False),
)

versions = sa.Table(
    "versions",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    _ref("integrations.id"),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("file_name", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.UniqueConstraint("integration_id", "number"),
)

version_files = sa.Table(
    "version_files",
    metadata,
    _ref("versions.id", primary_key=True),
    sa.Column("path", sa.String(255), primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
)

instances = sa.Table(
    "instances",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    _ref("integrations.id", cascade=False),
    _ref("versions.id", cascade=False),
    _ref("customers.id", cascade=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("config", Json, nullable=False),
    sa.Column("connections", Json, nullable=False),
    sa.Column("enabled", sa.Boolean, nullable=False),
    sa.Column("removing", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("updated_at", Instant, nullable=False),
    sa.UniqueConstraint("customer_id", "name"),
)

endpoints = sa.Table(
    "endpoints",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    _ref("instances.id"),
    sa.Column("flow", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.UniqueConstraint("instance_id", "flow"),
)

endpoint_keys = sa.Table(
    "endpoint_keys",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    _ref("endpoints.id", index=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("hint", sa.String(8), nullable=False),
    sa.Column("created_at", Instant, nullable=False),
)

# A webhook that a trigger registers at its service: the row is there before anything is changed, and until all is put back,
# so it outlives its endpoint. Version, config and connections are those that it was done with last.
registrations = sa.Table(
    "registrations",
    metadata,
    sa.Column("endpoint_id", sa.String(64), primary_key=True),
    sa.Column("instance_id", sa.String(36), nullable=False, index=True),
    sa.Column("flow", sa.Text, nullable=False),
    sa.Column("version_id", sa.String(64), nullable=False),
    sa.Column("config", Json, nullable=False),
    sa.Column("connections", Json, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("leaving", sa.Boolean, nullable=False),  # its instance goes once the last of them is put back
    sa.Column("ledger", Sealed, nullable=False),
    sa.Column("changes", Json, nullable=False),
    sa.Column("error", sa.Text),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_at", Instant, nullable=False),
    sa.Column("registered_at", Instant),
    sa.Column("updated_at", Instant, nullable=False),
)

# The inbox is this table: a row in status ``accepted`` or ``waiting`` is work to be claimed.
executions = sa.Table(
    "executions",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("endpoint_id", sa.String(64), nullable=False),
    sa.Column("instance_id", sa.String(36), nullable=False),
    sa.Column("version_id", sa.String(64), nullable=False),
    sa.Column("flow", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False, server_default=""),  # what its event says, on one line
    sa.Column("replay_of", sa.String(36)),  # the execution whose payload it has
    sa.Column("from_step", sa.Text),  # a replay takes over the results of the steps before this path
    sa.Column("cancelled_at", Instant),  # it stops before its next step
    sa.Column("sequence", sa.String(64)),  # those that share one run one after another
    sa.Column("concurrency", sa.Integer),  # how many of the endpoint may run at a time
    sa.Column("request_id", sa.String(64)),  # a later one of the same request replaces the retries of this
    sa.Column("parent_id", sa.String(36)),  # the execution that invoked it
    sa.Column("depth", sa.Integer, nullable=False, server_default="0"),  # how many are above it
    sa.Column("planned_at", Instant),  # when its schedule meant it to start; null where something else started it
    sa.Column("run_as", sa.Text, nullable=False, server_default=""),  # a user's id, or system; empty until asked
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("executor", sa.String(64)),
    sa.Column("available_at", Instant, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("started_at", Instant),
    sa.Column("ended_at", Instant),
    sa.Column("payload", sa.Text, nullable=False),
    sa.Column("result", sa.Text),
    sa.Column("error", Json),
)


def status_in(table: Any, *statuses: str) -> sa.ColumnElement[bool]:
    """With the words in the statement: a partial index is used only where its condition is seen before values are bound."""
    words: list[sa.ColumnElement[str]] = [sa.literal_column(f"'{status}'") for status in statuses]
    return cast("sa.ColumnElement[bool]", table.c.status.in_(words))


End = Literal["succeeded", "failed", "cancelled"]
OPEN = ("accepted", "waiting", "running")
ENDED: tuple[End, ...] = get_args(End)
_open = status_in(executions, *OPEN)
_running = status_in(executions, "running")
sa.Index("executions_open", executions.c.available_at, executions.c.id, sqlite_where=_open, postgresql_where=_open)
_waiting = status_in(executions, "accepted", "waiting")
FREE = executions.c.sequence.is_(None) & executions.c.concurrency.is_(None)
"""They wait for no other; those IN_TURN may."""
IN_TURN = executions.c.sequence.is_not(None) | executions.c.concurrency.is_not(None)
_free, _in_turn = _waiting & FREE, _waiting & IN_TURN
sa.Index("executions_free", executions.c.available_at, executions.c.id, sqlite_where=_free, postgresql_where=_free)
# All by which they are passed over, so that one that is passed over is not read.
sa.Index(
    "executions_in_turn",
    executions.c.available_at,
    executions.c.id,
    executions.c.sequence,
    executions.c.concurrency,
    executions.c.endpoint_id,
    executions.c.status,
    sqlite_where=_in_turn,
    postgresql_where=_in_turn,
)
_in_sequence = _open & executions.c.sequence.is_not(None)
sa.Index(
    "executions_of_sequence",
    executions.c.sequence,
    executions.c.created_at,
    executions.c.id,
    sqlite_where=_in_sequence,
    postgresql_where=_in_sequence,
)
_counted = _running & executions.c.concurrency.is_not(None)
sa.Index("executions_counted", executions.c.endpoint_id, sqlite_where=_counted, postgresql_where=_counted)
_named = executions.c.request_id.is_not(None)
sa.Index("executions_of_request", executions.c.request_id, sqlite_where=_named, postgresql_where=_named)
sa.Index("executions_of_instance", executions.c.instance_id, executions.c.id)
_ended = status_in(executions, *ENDED)
sa.Index("executions_ended", executions.c.status, executions.c.id, sqlite_where=_ended, postgresql_where=_ended)
sa.Index(  # to count them
    "executions_ended_of_flow",
    executions.c.status,
    executions.c.instance_id,
    executions.c.flow,
    sqlite_where=_ended,
    postgresql_where=_ended,
)
_replays = executions.c.replay_of.is_not(None)
sa.Index("executions_replayed", executions.c.replay_of, sqlite_where=_replays, postgresql_where=_replays)
_planned = executions.c.planned_at.is_not(None)
sa.Index("executions_planned", executions.c.id, sqlite_where=_planned, postgresql_where=_planned)
# Of those in one sequence one runs at a time, whoever claims: two processes may see different rows.
sa.Index(
    "executions_running_in_sequence",
    executions.c.sequence,
    unique=True,
    sqlite_where=_running,
    postgresql_where=_running,
)

identities = sa.Table(
    "identities",
    metadata,
    sa.Column("digest", sa.String(64), primary_key=True),
    sa.Column("execution_id", sa.String(36), nullable=False),
    sa.Column("created_at", Instant, nullable=False, index=True),
    sqlite_with_rowid=False,
)

steps = sa.Table(
    "steps",
    metadata,
    _ref("executions.id", primary_key=True),
    sa.Column("flow_attempt", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("path", sa.Text, primary_key=True),
    sa.Column("attempt", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("component", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("inputs", sa.Text),
    sa.Column("output", sa.Text),
    sa.Column("error", Json),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
)

# Actions that were run over the API: a call with a key that was used gives what the first one gave.
# See host/execution/api_actions.py.
calls = sa.Table(
    "calls",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("key_digest", sa.String(64), unique=True),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("component", sa.String(64), nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("owner", sa.String(32), nullable=False),  # the process that is at it; empty when it has ended
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
    sa.Column("outcome", sa.Text, nullable=False, server_default=""),
    sa.Column("sealed", Sealed, nullable=False, server_default=""),  # the outcome, where a secret is in it
)

# What steps wrote to the log of their execution; ``number`` rises with the time.
logs = sa.Table(
    "logs",
    metadata,
    _ref("executions.id", primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("flow_attempt", sa.Integer, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("level", sa.String(16), nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
)

# By which words and numbers an execution is found.
terms = sa.Table(
    "terms",
    metadata,
    sa.Column("term", sa.String(64), primary_key=True),
    _ref("executions.id", primary_key=True, index=True),
    sqlite_with_rowid=False,
)

# Failed executions that are being replayed, newest first: those before ``cursor`` are still to come.
replay_jobs = sa.Table(
    "replay_jobs",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("filter", Json, nullable=False),
    sa.Column("cursor", sa.String(36), nullable=False),
    sa.Column("left", sa.Integer, nullable=False),
    sa.Column("done", sa.Integer, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("ended_at", Instant),
)

# What a step made at a service: no other step takes it for its own when it looks for what it may have made.
claims = sa.Table(
    "claims",
    metadata,
    sa.Column("component", sa.String(64), primary_key=True),
    sa.Column("sid", sa.String(255), primary_key=True),
    _ref("executions.id", index=True),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
)

# The same of what a call made. What is in one of the two tables is never in the other: see host/execution/claims.py.
call_claims = sa.Table(
    "call_claims",
    metadata,
    sa.Column("component", sa.String(64), primary_key=True),
    sa.Column("sid", sa.String(255), primary_key=True),
    _ref("calls.id", index=True),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("created_at", Instant, nullable=False),
)

# What a long step writes down as it goes; see connector/journal.py.
journal = sa.Table(
    "journal",
    metadata,
    _ref("executions.id", primary_key=True),
    sa.Column("step", sa.String(600), primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("entry", Json, nullable=False),
)

states = sa.Table(
    "states",
    metadata,
    sa.Column("scope", sa.String(16), primary_key=True),
    sa.Column("owner", sa.String(128), primary_key=True),
    sa.Column("key", sa.String(255), primary_key=True),
    sa.Column("value", Json, nullable=False),
)

# Who may change a state that it has read: one step at a time. It is freed when the step has ended or its executor is gone.
leases = sa.Table(
    "leases",
    metadata,
    sa.Column("key", sa.String(200), primary_key=True),
    sa.Column("token", sa.String(64), nullable=False),
    sa.Column("executor", sa.String(64), nullable=False, index=True),
)

# The outcome of a step that changed a state, stored with that change: whoever runs the step again finds it.
outcomes = sa.Table(
    "outcomes",
    metadata,
    _ref("executions.id", primary_key=True),
    sa.Column("step", sa.String(600), primary_key=True),
    sa.Column("text", sa.Text, nullable=False),
)

refusals = sa.Table(
    "refusals",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("endpoint_id", sa.String(64), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("method", sa.String(16), nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("signed_url", sa.Text, nullable=False, server_default=""),  # for which it would have been accepted
    sa.Column("at", Instant, nullable=False),
)

# When a flow starts by itself. ``plan`` is the file's timetable, ``override`` the one that was set on the instance's page.
# While a run is made it is leased: only who has the lease may write how it went. Any change of the row takes the lease away.
schedules = sa.Table(
    "schedules",
    metadata,
    _ref("endpoints.id", primary_key=True),
    sa.Column("plan", sa.Text, nullable=False),
    sa.Column("override", sa.Text),
    sa.Column("polling", sa.Boolean, nullable=False),
    sa.Column("next_at", Instant, index=True),  # null while the instance is paused
    sa.Column("regular_at", Instant),  # what next_at was before an extra run was asked for
    sa.Column("lease", sa.String(36)),
    sa.Column("lease_until", Instant),
    sa.Column("last_at", Instant),
    sa.Column("failures", sa.Integer, nullable=False),
    sa.Column("error", Json),
)

executors = sa.Table(
    "executors",
    metadata,
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("seen_at", Instant, nullable=False),
)
