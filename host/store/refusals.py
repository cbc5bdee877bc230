"""Requests that were refused: the last few, for the page and the operator; nothing of them reached a flow."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from ...connector.context import utc_now
from .database import made_storable, reading
from .ids import time_id
from .schema import refusals as table


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """``source`` is the address of the caller; ``reason`` what failed; ``signed_url`` the address with which it passes."""

    id: str
    endpoint_id: str
    reason: str
    method: str
    source: str
    signed_url: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Refusals:
    """Keeps the newest ``kept``: whoever sends rubbish fills no disk."""

    engine: sa.Engine
    kept: int

    def write(
        self,
        connection: sa.Connection,
        *,
        endpoint_id: str,
        reason: str,
        method: str,
        source: str,
        signed_url: str = "",
    ) -> None:
        values = {
            "id": time_id(),
            "endpoint_id": endpoint_id[:64],
            "reason": made_storable(reason)[:2000],
            "method": method[:16],
            "signed_url": made_storable(signed_url)[:2000],
        }
        newest = sa.select(table.c.id).order_by(table.c.id.desc()).limit(self.kept)
        connection.execute(sa.insert(table).values(**values, source=made_storable(source)[:256], at=utc_now()))
        connection.execute(sa.delete(table).where(table.c.id.not_in(newest)))

    def recent(self, *, endpoint_id: str | None = None, limit: int = 100) -> list[Refusal]:
        """The newest first."""
        query = sa.select(table).order_by(table.c.id.desc()).limit(limit)
        with reading(self.engine).begin() as connection:
            rows = connection.execute(query if endpoint_id is None else query.where(table.c.endpoint_id == endpoint_id))
            return [Refusal(**row) for row in rows.mappings()]
