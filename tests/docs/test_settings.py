"""docs/operations.md: the table of settings has what the host reads from the environment, all of it and no more."""

import re
from pathlib import Path

from twilio_connector.host.components.http.public import ALLOW
from twilio_connector.host.settings import SECRET, Limits, Settings

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
SECTION = PAGE.partition("\n## Settings\n")[2].partition("\n## ")[0]
ROWS = {row[1]: row[2] for row in re.finditer(r"^\| `([A-Z][A-Z_<>]+)`.*\| ([^|]*) \|$", SECTION, re.MULTILINE)}


class Asked(dict[str, str]):
    """An environment that notes what it is asked for."""

    def __init__(self):
        super().__init__()
        self.names = set()

    def get(self, name, default=None):
        self.names.add(name)
        return default


def test_each_variable_that_is_read_stands_in_the_table():
    environ = Asked()
    Settings.load(environ)
    assert set(ROWS) == environ.names | {f"{SECRET}<NAME>", ALLOW}


def test_the_numbers_that_hold_unless_others_are_given_are_those_of_the_code():
    limits = Limits()
    assert {name: said for name, said in ROWS.items() if said.isdigit()} == {
        "TWILIO_CONNECTOR_WORKERS": str(limits.workers),
        "TWILIO_CONNECTOR_KEEP_DAYS": str(limits.days_kept),
        "TWILIO_CONNECTOR_KEEP_EXECUTIONS": str(limits.executions_kept),
        "TWILIO_CONNECTOR_KEEP_DETAILS_DAYS": str(limits.details_days_kept),
        "TWILIO_CONNECTOR_KEEP_IDENTITIES_DAYS": str(limits.identities_days_kept),
    }
