"""The example of MongoDB's Twilio page in Python: store a text in the customer's own database, and tell its sender."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.response import Response

TABLE = "texts"

texts = sa.Table(
    TABLE,
    sa.MetaData(),
    sa.Column("_id", sa.String(700), primary_key=True),
    sa.Column("From", sa.Text),
    sa.Column("To", sa.Text),
    sa.Column("Body", sa.Text),
)


def save(payload: Mapping[str, Any], response: Response, context: ActionContext) -> None:
    """Save the text's body, to number and from number; answer with a confirmation, or with what went wrong."""
    try:
        response.set_body(f"Saved your text message with _id: {insert(payload, context)}")
    except sa.exc.DBAPIError as error:
        response.set_body(f"Failed to save your text message: {error.orig}")


def insert(payload: Mapping[str, Any], context: ActionContext) -> str:
    """Store it once, however often this step runs: the id is the step's, and a row that is there stays."""
    text_id = f"{context.execution_id}.{context.step_id}"
    row = {"_id": text_id} | {name: payload.get(name) for name in ("From", "To", "Body")}
    engine: sa.Engine = context.database
    with suppress(sa.exc.IntegrityError, sa.exc.ProgrammingError), engine.begin() as connection:
        texts.create(connection, checkfirst=True)  # two that create it at once are one too many for Postgres
    dialect = postgresql if engine.dialect.name == "postgresql" else sqlite
    with engine.begin() as connection:
        connection.execute(dialect.insert(texts).values(row).on_conflict_do_nothing())
    return text_id
