"""All that the host keeps, over one database."""

from dataclasses import dataclass
from functools import cached_property

import sqlalchemy as sa

from ...connector.errors import InvalidInput
from ..settings import Settings
from .api_actions import ApiActions
from .connections import Connections
from .customers import Customers
from .database import close, connect, prepare
from .declared import Declared
from .executions import Executions
from .executors import Executors
from .instances import Instances
from .integrations import Integrations
from .logs import Logs
from .named_secrets import NamedSecretRows
from .rates import Rates
from .refusals import Refusals
from .registrations import Registrations
from .schedules import Schedules
from .sessions import Sessions
from .states import States
from .steps import Steps
from .tokens import Tokens
from .users import Users


@dataclass(frozen=True)
class Store:
    """The tables by subject: ``store.customers.all()``, ``store.executions.get(id)``. Every call is its own transaction."""

    engine: sa.Engine
    refusals_kept: int = 1000

    @classmethod
    def open(cls, settings: Settings) -> "Store":
        """Connect and make what is missing. Raises DatabaseUnusable, and InvalidInput for a data directory that cannot be."""
        try:
            settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            problem = f"data: {settings.data} cannot be a directory of the host's: {error.strerror}"
            raise InvalidInput(f"{problem}; choose another (--data or TWILIO_CONNECTOR_DATA)", field="data") from None
        engine = connect(settings)
        try:
            prepare(engine)
        except BaseException:
            engine.dispose()
            raise
        return cls(engine, settings.limits.refusals_kept)

    def close(self) -> None:
        close(self.engine)

    @cached_property
    def customers(self) -> Customers:
        return Customers(self.engine)

    @cached_property
    def users(self) -> Users:
        return Users(self.engine)

    @cached_property
    def connections(self) -> Connections:
        return Connections(self.engine)

    @cached_property
    def declared(self) -> Declared:
        return Declared(self.engine)

    @cached_property
    def named_secrets(self) -> NamedSecretRows:
        return NamedSecretRows(self.engine)

    @cached_property
    def integrations(self) -> Integrations:
        return Integrations(self.engine)

    @cached_property
    def instances(self) -> Instances:
        return Instances(self.engine)

    @cached_property
    def executions(self) -> Executions:
        return Executions(self.engine)

    @cached_property
    def steps(self) -> Steps:
        return Steps(self.engine)

    @cached_property
    def logs(self) -> Logs:
        return Logs(self.engine)

    @cached_property
    def rates(self) -> Rates:
        return Rates(self.engine)

    @cached_property
    def executors(self) -> Executors:
        return Executors(self.engine)

    @cached_property
    def refusals(self) -> Refusals:
        return Refusals(self.engine, self.refusals_kept)

    @cached_property
    def registrations(self) -> Registrations:
        return Registrations(self.engine)

    @cached_property
    def schedules(self) -> Schedules:
        return Schedules(self.engine)

    @cached_property
    def api_actions(self) -> ApiActions:
        return ApiActions(self.engine)

    @cached_property
    def sessions(self) -> Sessions:
        return Sessions(self.engine)

    @cached_property
    def tokens(self) -> Tokens:
        return Tokens(self.engine)

    @cached_property
    def states(self) -> States:
        return States(self.engine)
