"""What comes out of a host: where somebody's secret, or a stranger's words, must not stand as they are."""

import base64
import io
import json
import logging
import re
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient
from twilio_connector.cli.main import _tell
from twilio_connector.cli.output import write_data, write_json
from twilio_connector.connector.errors import ConnectorError, Refused
from twilio_connector.host.host import Host
from twilio_connector.host.secrets.redact import RedactingFilter, Redactor
from twilio_connector.host.settings import Settings
from twilio_connector.host.web.access import Access
from twilio_connector.host.web.api.table import ROUTES
from twilio_connector.host.web.app import create_app
from werkzeug import Request, Response

from .conftest import ACCOUNT, PUBLIC, signed, text

SECRETS = {
    "token": "TOKEN-3f9a/+71c2-8e5b",
    "second": "SECOND-0b77/+9d1e-44aa",
    "shared": "SHARED-5c2e/+1f80-b6d3",
    "named": "NAMED-77e1/+c09b-2d4f",
    "wrong": "WRONG-9a0d/+e34c-51b8",
    "password": "PASSWORD-b8d1/+27fa-90e3",
}
DATABASE_KEY = base64.urlsafe_b64encode(b"k3y-of-the-vault-in-thirty-two-b").decode()

CODE = '''
import logging


def tell(context, results):
    """Everything that a careless integration does with a secret that it was given."""
    secret = results["open"]["secret"]
    context.logger.warning("the secret is %s", secret)
    logging.getLogger("elsewhere").error("the secret is %s", secret)
    return {"given": secret, "words": ["x" + secret, secret.encode()], secret: 1}


def open(context, results):
    import os
    return {"secret": os.environ["TOLD"]}


def fail(context, results):
    raise RuntimeError("could not use " + results["open"]["secret"])


def fail_loudly(context, results):
    try:
        int(results["open"]["secret"])
    except ValueError as error:
        raise KeyError(results["open"]["secret"]) from error
'''
INTEGRATION = """
definitionVersion: 7
name: Careless {name}
requiredConfigVars: [{{key: Twilio, dataType: connection, connection: {connection}}}]
configPages: [{{name: Account, elements: [{{type: configVar, value: Twilio}}]}}]
flows:
  - name: {name}
    isSynchronous: true
    endpointSecurityType: customer_optional
    steps:
      - {{name: Trigger, isTrigger: true, action: {trigger}, inputs: {{twilioConnection: {connected}}}}}
      - {{name: Open, action: {code}, inputs: {{code: {{type: value, value: "steps:open"}}}}}}
      - {{name: Last, action: {last}, inputs: {{{inputs}}}}}
"""
CONNECTED = "{type: configVar, value: Twilio}"
TWILIO = f"twilioConnection: {CONNECTED}, "
SENT = 'to: {type: value, value: "+15550001111"}, from: {type: value, value: "+15550002222"}, '
LAST = {
    "Tell": ("code", "runCode", 'code: {type: value, value: "steps:tell"}'),
    "Fail": ("code", "runCode", 'code: {type: value, value: "steps:fail"}'),
    "Fail loudly": ("code", "runCode", 'code: {type: value, value: "steps:fail_loudly"}'),
    "Log": ("log", "writeLog", 'message: {type: template, value: "it is {{$open.results.secret}}"}'),
    "Ask": ("http", "httpGet", 'url: {type: template, value: "https://127.0.0.1:9/{{$open.results.secret}}"}'),
    "Send": ("twilio", "sendMessage", TWILIO + SENT + "body: {type: reference, value: open.results.secret}"),
    "Request": (
        "twilio",
        "rawRequest",
        TWILIO + 'method: {type: value, value: GET}, url: {type: template, value: "/x?{{$open.results.secret}}"}',
    ),
}


def unit(component: str, key: str) -> str:
    return f"{{component: {{key: {component}, isPublic: true, version: LATEST}}, key: {key}}}"


def forms(secret: str) -> set[str]:
    """How a secret may be written: plain, in a URL, in JSON, in Base64 by itself and after an account's name."""
    after = [f"{user}{secret}".encode() for user in ("", f"{ACCOUNT}:", "a", "ab")]
    encoded = {base64.b64encode(each).decode().rstrip("=")[-16:-2] for each in after}
    return {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], *encoded}


@pytest.fixture
def log():
    """Everything that is logged anywhere, as a configured log writes it: before the host's start, so that it is filtered."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def twilio(httpserver):
    """The base URL of a Twilio that says no, and quotes in its answer all that it was sent, plain and as it came."""

    def quoting(request: Request) -> Response:
        sent = request.headers.get("Authorization", "")
        told = f"{sent} {request.authorization and request.authorization.password} {request.url} {request.get_data()!r}"
        return Response(json.dumps({"code": 20003, "message": told, "detail": told}), 401, {"X-Quoted": sent})

    httpserver.expect_request(re.compile(".*")).respond_with_handler(quoting)
    return httpserver.url_for("").rstrip("/") + "/{product}"


def deploy(host: Host, folder: Path, name: str) -> str:
    component, key, inputs = LAST[name]
    units = {"connection": unit("twilio", "basic"), "trigger": unit("twilio", "inboundMessage")}
    units |= {"code": unit("code", "runCode"), "last": unit(component, key)}
    own = folder / name.replace(" ", "-").lower()
    own.mkdir()
    (own / "steps.py").write_text(CODE)
    (own / "flow.yaml").write_text(INTEGRATION.format(name=name, connected=CONNECTED, inputs=inputs, **units))
    instance = host.instances.deploy(own / "flow.yaml", customer="acme", name=name, config={"Twilio": "Main"})
    return host.endpoints.addresses(instance.id)[name].removeprefix(PUBLIC)


def test_no_secret_stands_in_anything_that_a_host_writes_or_answers(tmp_path, log, monkeypatch, twilio, httpserver):
    """Every place that takes a secret has one of its own; all is run, well and badly; then all that there is is read."""
    monkeypatch.setenv("TOLD", SECRETS["token"])
    settings = Settings(
        data=tmp_path / "data",
        public_url=PUBLIC,
        keys=(SecretStr(DATABASE_KEY),),
        secrets={"SECOND": SecretStr(SECRETS["second"])},
    )
    fields = {
        "username": ACCOUNT,
        "password": SECRETS["token"],
        "secondaryAuthToken": {"$secret": "second"},
        "sharedKeyName": "webhooks_key",
        "sharedKeySecret": {"$secret": "named"},
        "baseUrl": twilio,
    }
    answers: dict[str, str] = {}
    with Host.open(settings) as host:
        host.secrets.set("named", SECRETS["named"])
        main = host.connections.add(name="Main", component="twilio", key="basic", fields=fields, elsewhere=True)
        host.connections.update(main.id, name="Main", fields=fields | {"sharedKeySecret": SECRETS["shared"]})
        for wrong in (
            {"baseUrl": SECRETS["wrong"]},
            {"region": SECRETS["wrong"]},
            {"password": {"$secret": SECRETS["wrong"]}},
        ):
            with pytest.raises(ConnectorError) as refused:
                host.connections.add(
                    name="Wrong", component="twilio", key="basic", fields=fields | wrong, elsewhere=True
                )
            answers[f"refused {wrong.keys()}"] = str(refused.value) if "password" in wrong else ""
        host.connections.test(main.id)
        paths = {name: deploy(host, tmp_path, name) for name in LAST}
        key = host.endpoints.add_key(paths["Tell"].rpartition("/")[2])
        access = Access(host.credentials)
        with TestClient(
            create_app(host, access), base_url="http://127.0.0.1:8000", raise_server_exceptions=False
        ) as client:
            for name, path in paths.items():
                request = signed(path, text(), token=SECRETS["token"])
                request["headers"] |= {"api-key": key} if name == "Tell" else {}
                answer = client.post(path, **request)
                answers[f"answer of {name}"] = answer.text if name != "Tell" else ""
                assert "x-execution-id" in answer.headers, answer.text
                bad = request | {"headers": request["headers"] | {"x-twilio-signature": "x"}}
                answers[f"refusal of {name}"] = client.post(path, **bad).text
            client.cookies.set(access.cookie, access.redeem(access.new_token()))
            pages = crawl(client)
            answers |= pages
            host.credentials.set_password(SECRETS["password"])
            token = host.credentials.create_token("program", "write")
            answers |= asked(client, token, twilio)
        ids = [row.id for row in host.store.executions.recent()]
        answers["records"] = repr([host.store.executions.get(each) for each in ids])
        answers["steps"] = repr([host.store.steps.of(each) for each in ids])
        answers["itself"] = repr([host, host.settings, host.vault, host.secrets, host.store.connections.all()])
    assert len(pages) > 20
    assert len(httpserver.log) > 5
    assert "succeeded" in answers["records"]
    assert "failed" in answers["records"]
    answers["log"] = log.getvalue()
    for file in (tmp_path / "data").rglob("*"):
        answers[str(file)] = file.read_bytes().decode("latin-1") if file.is_file() else ""
    everything = {**SECRETS, "api key": key, "token": token, "vault's key": DATABASE_KEY}
    leaks = [
        (name, where)
        for where, content in answers.items()
        for name, secret in everything.items()
        for form in forms(secret)
        if form in content
    ]
    assert leaks == []
    assert "the secret is [secret]" in answers["log"]


def asked(client: TestClient, token: str, twilio: str) -> dict[str, str]:
    """What the API says to all that can be read, to actions that cannot be done, and to a password in wrong places."""
    headers = {"authorization": f"Bearer {token}", "idempotency-key": "once"}
    answers = {}
    for route in ROUTES:
        if route.method == "GET" and "{" not in route.path:
            found = client.get(f"/api{route.path}", headers=headers)
            answers[route.path] = found.text
            items = found.json().get("items") or []
            ids = [item["id"] for item in items if isinstance(item, dict) and "id" in item]
            answers |= {
                f"{route.path}/{one}": client.get(f"/api{route.path}/{one}", headers=headers).text for one in ids
            }
    own = {
        "key": "basic",
        "fields": {"username": ACCOUNT, "password": SECRETS["wrong"], "baseUrl": twilio},
    }
    for action, inputs in {"rawRequest": {"url": "/x", "method": "GET"}, "sendMessage": {}, "getBalance": {}}.items():
        for name, connection in {"kept": "Main", "given": own, "none": SECRETS["token"][:0] or None}.items():
            body = {"connection": connection, "inputs": inputs}
            said = client.post(f"/api/components/twilio/actions/{action}", headers=headers, json=body)
            answers[f"{action} {name}"] = said.text
    wrong = {
        "name": "x",
        "component": "twilio",
        "key": "basic",
        "fields": own["fields"] | {"password": [SECRETS["wrong"]]},
    }
    answers["a connection"] = client.post("/api/connections", headers=headers, json=wrong).text
    form = {"sec-fetch-site": "same-origin", "content-type": "application/x-www-form-urlencoded"}
    for field in ("password", "other"):
        content = f"{field}={quote_plus(SECRETS['password'] + 'x' * (field == 'password'))}"
        answers[f"login {field}"] = client.post("/login", headers=form, content=content).text
    return answers


def crawl(client: TestClient) -> dict[str, str]:
    """Every page that a link on a page leads to, as who is signed in sees it."""
    seen: dict[str, str] = {}
    left = ["/"]
    while left and len(seen) < 150:
        path = left.pop()
        if path in seen:
            continue
        answer = client.get(path)
        seen[path] = answer.text + repr(answer.headers)
        links = re.findall(r'href="(/[^"#]*)"', answer.text)
        left += [link for link in links if not link.startswith(("/static", "/login"))]
    return seen


@pytest.mark.parametrize(
    "said",
    [
        "a\nERROR root forged",
        "a\r\nERROR root forged",
        "a\x1b[2J\x1b]0;x\x07",
        "a\x9b31m",
        "a\u2028ERROR root forged",
        "a\x00b",
        "\x85b",
    ],
    ids=ascii,
)
def test_a_stranger_writes_no_line_and_no_terminal_code_into_the_log(said):
    lines = io.StringIO()
    handler = logging.StreamHandler(lines)
    handler.addFilter(RedactingFilter(Redactor()))
    logger = logging.getLogger("attacked")
    logger.addHandler(handler)
    logger.warning("refused: %s", said)
    logger.error("failed: %s", said, exc_info=ValueError(said))
    logger.removeHandler(handler)
    assert not any(line.startswith(("ERROR", "\x1b")) for line in lines.getvalue().splitlines())
    first, *_ = lines.getvalue().split("\n")
    assert first == "refused: " + "".join(c if c.isprintable() else ascii(c)[1:-1] for c in said)


STEERING = "a\x1b[2J\x9b31m\x7f\u202eb\x07"


def test_a_stranger_steers_no_terminal_by_what_the_command_prints(capsys):
    write_json({"body": STEERING})
    write_data(iter([{"body": STEERING}]))
    _tell(Refused(f"Twilio said: {STEERING}", code=20003))
    told = capsys.readouterr()
    assert all(character.isprintable() or character == "\n" for character in told.out + told.err)
    assert json.loads(told.out.splitlines()[0]) == {"body": STEERING}
