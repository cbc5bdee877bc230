from pathlib import Path

import pytest
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.host.settings import Settings


def test_the_environment_is_read():
    environ = {
        "TWILIO_CONNECTOR_DATA": "/srv/data",
        "DATABASE_URL": "postgres://u:p@h/d",
        "TWILIO_CONNECTOR_PUBLIC_URL": "https://host.example/base/",
        "TWILIO_CONNECTOR_KEYS": "a, b",
        "TWILIO_CONNECTOR_COMPONENTS": "/x:/y",
    }
    settings = Settings.load(environ)
    assert settings.data == Path("/srv/data")
    assert settings.database_url.get_secret_value() == "postgresql+psycopg://u:p@h/d"
    assert settings.public_url == "https://host.example/base"
    assert [key.get_secret_value() for key in settings.keys] == ["a", "b"]
    assert settings.components == (Path("/x"), Path("/y"))


def test_where_keys_and_secrets_are_is_read():
    environ = {
        "TWILIO_CONNECTOR_KEY_FILE": "/run/key",
        "TWILIO_CONNECTOR_SECRETS_DIR": "/run/secrets",
        "TWILIO_CONNECTOR_SECRET_AUTH_TOKEN": "hunter2",
    }
    settings = Settings.load(environ)
    assert (settings.key_file, settings.secrets_folder) == (Path("/run/key"), Path("/run/secrets"))
    assert {name: value.get_secret_value() for name, value in settings.secrets.items()} == {"AUTH_TOKEN": "hunter2"}
    assert "hunter2" not in repr(settings)


def test_arguments_win_over_the_environment(tmp_path):
    settings = Settings.load({"TWILIO_CONNECTOR_DATA": "/srv", "TWILIO_CONNECTOR_KEYS": "a"}, data=tmp_path, keys=None)
    assert settings.data == tmp_path
    assert len(settings.keys) == 1


def test_without_anything_it_is_sqlite_in_the_users_data_directory():
    settings = Settings.load({})
    assert not settings.is_postgres
    assert settings.data.name == "twilio-connector"


@pytest.mark.parametrize("url", ["mysql://u:hunter2@h/d", "hunter2", "postgresql://"])
def test_an_unknown_database_is_refused_without_quoting_it(url):
    with pytest.raises(InvalidInput, match="DATABASE_URL") as caught:
        Settings.load({"DATABASE_URL": url})
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", ["host.example", "ftp://h", "https://h/?q=1", "https://"])
def test_a_public_url_that_is_no_address_is_refused(url):
    with pytest.raises(InvalidInput, match="PUBLIC_URL"):
        Settings.load({"TWILIO_CONNECTOR_PUBLIC_URL": url})


def test_its_repr_holds_no_secret():
    settings = Settings.load({"DATABASE_URL": "postgres://u:hunter2@h/d", "TWILIO_CONNECTOR_KEYS": "hunter3"})
    assert "hunter" not in repr(settings)


@pytest.mark.parametrize("name", ["a" * 41, "rack 1", "a.b", "a\n"])
def test_an_executor_is_called_by_a_short_plain_name(name):
    with pytest.raises(InvalidInput, match="TWILIO_CONNECTOR_EXECUTOR"):
        Settings.load({"TWILIO_CONNECTOR_EXECUTOR": name})


def test_how_many_executions_run_at_once_comes_from_the_environment():
    assert Settings.load({}).limits.workers == 8
    assert Settings.load({"TWILIO_CONNECTOR_WORKERS": "32"}).limits.workers == 32
    for text in ("0", "65", "many"):
        with pytest.raises(InvalidInput, match="TWILIO_CONNECTOR_WORKERS"):
            Settings.load({"TWILIO_CONNECTOR_WORKERS": text})


def test_what_is_kept_for_how_long_comes_from_the_environment():
    kept = Settings.load({"TWILIO_CONNECTOR_KEEP_DAYS": "7", "TWILIO_CONNECTOR_KEEP_EXECUTIONS": "1000"}).limits
    assert (kept.days_kept, kept.executions_kept, kept.identities_days_kept) == (7, 1000, 90)
    for text in ("0", "-1", "many", "9" * 30, "٣"):
        with pytest.raises(InvalidInput, match="TWILIO_CONNECTOR_KEEP_DAYS"):
            Settings.load({"TWILIO_CONNECTOR_KEEP_DAYS": text})
