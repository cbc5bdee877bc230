import json
import sys
from dataclasses import dataclass

import pytest
from twilio_connector.cli.main import main
from twilio_connector.sandbox.server import Sandbox


@dataclass(frozen=True)
class Run:
    status: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@pytest.fixture
def run(monkeypatch, capfd):
    """Run the command in this process, as the shell would."""
    monkeypatch.setattr("logging.basicConfig", lambda **_: None)  # pytest has its own, and keeps no stream of ours

    def run_command(*arguments):
        monkeypatch.setattr(sys, "argv", ["twilio-connector", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            main()
        out, err = capfd.readouterr()
        code = caught.value.code
        return Run(code if isinstance(code, int) else int(code is not None), out, err)

    return run_command


@pytest.fixture(scope="module")
def twilio():
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def fields(twilio):
    return {
        "accountSid": twilio.account_sid,
        "apiKey": twilio.api_key,
        "apiSecret": twilio.api_secret,
        "authToken": twilio.auth_token,
        "baseUrl": twilio.base_url,
    }


@pytest.fixture
def connection(tmp_path, fields):
    path = tmp_path / "connection.json"
    path.write_text(json.dumps({"key": "apiKeySecret", "fields": fields}))
    return path
