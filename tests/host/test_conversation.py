"""The whole way on each kind of database: a text at the local Twilio, the host with its web, the flow, and what comes back."""

import json
import re
import shutil
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa
from twilio_connector.cli.app_services.command import import_app_services
from twilio_connector.host.execution.databases import Databases
from twilio_connector.host.host import Host
from twilio_connector.host.store import portable
from twilio_connector.host.web.access import Access
from twilio_connector.host.web.app import create_app
from twilio_connector.host.web.server import listen, serving, url_of
from twilio_connector.sandbox.server import Sandbox

EXAMPLES = Path(__file__).parents[2] / "examples"
EXAMPLE = EXAMPLES / "auto-reply" / "integration.yaml"
ANSWERING = """
definitionVersion: 7
name: Answering
requiredConfigVars:
  - key: Twilio Connection
    dataType: connection
    connection: {component: {key: twilio, isPublic: true, version: LATEST}, key: basic}
flows:
  - name: Answer
    isSynchronous: true
    steps:
      - name: Text
        isTrigger: true
        action: {component: {key: twilio, isPublic: true, version: LATEST}, key: webhook}
        inputs: {twilioConnection: {type: configVar, value: Twilio Connection}}
      - name: Compose
        action: {component: {key: code, isPublic: true, version: LATEST}, key: runCode}
        inputs: {code: {type: value, value: "answers:compose"}}
"""
ANSWERS = """
def compose(context, results):
    text = results["text"]["body"]["data"]["Body"]
    if text == "fail":
        raise ValueError("a secret inside: s3cret")
    return {"twiml": "<Response><Message>As TwiML</Message></Response>", "nothing": None}.get(text, f"You said {text}")
"""


@dataclass(frozen=True)
class Line:
    """A number of the local Twilio, connected to a deployed flow."""

    twilio: Sandbox
    host: Host
    webhook: str

    def text(self, body):
        return self.twilio.state.receive(self.twilio.handset, self.twilio.number, body)

    def replies(self):
        return [m.body for m in self.twilio.state.messages() if m.direction.startswith("outbound")][::-1]

    def wait_for_reply(self):
        return self.twilio.state.wait_for(self.replies, 30)

    def webhook_answers(self):
        return [e.status for e in self.twilio.state.exchanges() if e.way == "out"]

    def wait_for_webhooks(self, count):
        self.twilio.state.wait_for(lambda: len(self.webhook_answers()) >= count, 30)
        return self.webhook_answers()


@pytest.fixture
def connect(settings):
    with ExitStack() as stack:

        def connect_line(integration, kind="apiKeySecret", **fields):
            twilio = stack.enter_context(Sandbox())
            socket = stack.enter_context(listen())
            host = stack.enter_context(Host.open(replace(settings, public_url=url_of(socket))))
            given = {"baseUrl": twilio.base_url} | credentials(twilio, kind) | fields
            host.connections.add(name="Twilio", component="twilio", key=kind, fields=given)
            number = twilio.state.number(twilio.number)
            config = {"Twilio Connection": "Twilio"}
            if integration == EXAMPLE:
                config["Phone Number"] = number.sid
            instance = host.instances.deploy(integration, customer="acme", config=config)
            webhook = host.endpoints.addresses(instance.id)[host.versions.load(instance.version_id).flows[0].name]
            stack.enter_context(serving(create_app(host, Access(host.credentials)), socket))
            if integration != EXAMPLE:  # that one registers itself
                twilio.state.change_number(number.sid, sms_url=webhook)
            return Line(twilio, host, webhook)

        yield connect_line


def credentials(twilio, kind):
    if kind == "basic":
        return {"username": twilio.account_sid, "password": twilio.auth_token}
    keys = {"accountSid": twilio.account_sid, "apiKey": twilio.api_key, "apiSecret": twilio.api_secret}
    return keys | {"authToken": twilio.auth_token}


@pytest.fixture
def answering(connect, tmp_path):
    (tmp_path / "integration.yaml").write_text(ANSWERING)
    (tmp_path / "answers.py").write_text(ANSWERS)
    return connect(tmp_path / "integration.yaml", kind="basic")


def test_a_signed_text_reaches_the_flow_and_its_reply_goes_out(connect):
    line = connect(EXAMPLE)
    line.text("What are your hours?")
    assert line.wait_for_reply() == ["We are here 9 to 5, Monday to Friday."]
    (record,) = (found for found in line.host.store.executions.recent() if found.flow == "Answer Texts")
    stored = portable.loads(line.host.store.executions.get(record.id).payload)
    assert stored["body"]["data"]["body"] == "What are your hours?"


def test_the_second_flow_hears_what_became_of_the_reply_each_status_once_and_in_order(connect):
    line = connect(EXAMPLE)

    def heard():
        records = [found for found in line.host.store.executions.recent() if found.flow == "Follow Reply"]
        payloads = [portable.loads(line.host.store.executions.get(record.id).payload) for record in reversed(records)]
        return [payload["body"]["data"]["status"] for payload in payloads]

    line.text("Are you there?")
    until(lambda: heard()[-1:] == ["delivered"])
    assert heard() == sorted(set(heard()), key=["queued", "sending", "sent", "delivered"].index)


@pytest.mark.parametrize(("text", "reply"), [("hello", "You said hello"), ("twiml", "As TwiML")])
def test_a_synchronous_flow_answers_twilio_with_its_last_result(answering, text, reply):
    answering.text(text)
    assert answering.wait_for_reply() == [reply]


def test_a_synchronous_flow_that_fails_answers_nothing_and_shows_nothing(answering):
    answering.text("fail")
    assert answering.wait_for_webhooks(1) == [200]
    assert answering.replies() == []
    assert answering.twilio.state.alerts() == ()


def test_a_request_that_comes_twice_is_executed_once_and_answered_twice(answering):
    url = f"{answering.twilio.url}/_sandbox/numbers/{answering.twilio.number}/inbound"
    sent = {"from": answering.twilio.handset, "body": "twice", "deliver": 2}
    assert requests.post(url, json=sent, timeout=30).ok
    assert answering.wait_for_webhooks(2) == [200, 200]
    assert len(answering.host.store.executions.recent()) == 1


def test_a_forged_request_reaches_no_flow_and_is_noted(answering):
    forged = {"X-Twilio-Signature": "RSOYDt4T1cUTdK1PDd93/VVr8B8="}
    answer = requests.post(answering.webhook, data={"Body": "forged"}, headers=forged, timeout=30)
    assert answer.status_code == 403
    assert answering.host.store.executions.recent() == []
    answering.text("wake the writer")
    answering.wait_for_reply()
    assert any("signature" in refusal.reason for refusal in answering.host.store.refusals.recent())


def test_another_accounts_token_opens_nothing(connect):
    line = connect(EXAMPLE, authToken="0" * 32)
    line.text("hello")
    assert line.wait_for_webhooks(1) == [403]
    assert line.host.store.executions.recent() == []


def stored(line):
    """The texts in the customer's database, without their ids."""
    (customer,) = line.host.store.customers.all()
    with Databases(line.host.settings).of(customer.id).begin() as connection:
        return [tuple(row) for row in connection.execute(sa.text('SELECT "From", "To", "Body" FROM texts'))]


def test_the_page_s_example_stores_a_text_and_tells_its_sender(connect):
    line = connect(EXAMPLES / "save-texts" / "integration.yaml", kind="basic")
    line.text("Hello! How are you? Ünïcode & <tags> 👋")
    (reply,) = line.wait_for_reply()
    (execution,) = line.host.store.executions.recent()
    assert reply == f"Saved your text message with _id: {execution.id}.save"
    assert stored(line) == [(line.twilio.handset, line.twilio.number, "Hello! How are you? Ünïcode & <tags> 👋")]


def test_a_text_that_comes_twice_is_stored_once_and_answered_alike(connect):
    line = connect(EXAMPLES / "save-texts" / "integration.yaml", kind="basic")
    url = f"{line.twilio.url}/_sandbox/numbers/{line.twilio.number}/inbound"
    assert requests.post(url, json={"from": line.twilio.handset, "body": "x", "deliver": 2}, timeout=30).ok
    assert line.wait_for_webhooks(2) == [200, 200]
    assert len(stored(line)) == 1
    assert len(set(line.wait_for_reply())) == 1


def test_a_text_that_cannot_be_stored_is_answered_with_the_error(connect, tmp_path):
    folder = shutil.copytree(EXAMPLES / "save-texts", tmp_path / "save-texts")
    module = folder / "texts.py"
    dropped = "with engine.begin() as connection:\n        texts.drop(connection)\n    with engine.begin()"
    source, _, last = module.read_text().rpartition("with engine.begin()")
    module.write_text(source + dropped + last)
    line = connect(folder / "integration.yaml", kind="basic")
    line.text("lost")
    (reply,) = line.wait_for_reply()
    assert reply.startswith("Failed to save your text message: ")
    assert re.search(r'no such table: texts|relation "texts" does not exist', reply)


PAGE = """exports = async function(payload, response) {
  const mongodb = context.services.get("mongodb-atlas");
  const texts = mongodb.db("demo").collection("texts");
  try {
    const { insertedId } = await texts.insertOne(payload);
    response.setBody(`Saved your text message with _id: ${insertedId}`);
  } catch (error) {
    response.setBody(`Failed to save your text message: ${error}`);
  }
}
"""


def test_an_imported_application_answers_texts_as_it_did_and_runs_as_whom_it_did(connect, tmp_path):
    webhook = tmp_path / "app" / "services" / "Twilio" / "incoming_webhooks" / "save"
    webhook.mkdir(parents=True)
    service = {"name": "Twilio", "type": "twilio", "config": {"sid": "AC" + "0" * 32}}
    script = "exports = ({ From }) => users[From]"
    said = {"name": "save", "respond_result": True, "run_as_user_id_script_source": script}
    (webhook / "config.json").write_text(json.dumps(said))
    (webhook / "source.js").write_text(PAGE)
    (webhook.parents[1] / "config.json").write_text(json.dumps(service))
    import_app_services(tmp_path / "app", tmp_path / "out")
    ported = "def save_run_as(payload):\n    return 'ada' if sorted(payload) == ['Body', 'From', 'To'] else 'nobody'\n"
    (tmp_path / "out" / "handlers.py").write_text(ported)
    line = connect(tmp_path / "out" / "integration.yaml", kind="basic")
    (customer,) = line.host.store.customers.all()
    ada = line.host.users.add(customer.id, external_id="ada")
    line.text("Hello!")
    (reply,) = line.wait_for_reply()
    (execution,) = line.host.store.executions.recent()
    assert reply == f"Saved your text message with _id: {execution.id}.handle"
    assert stored(line) == [(line.twilio.handset, line.twilio.number, "Hello!")]
    assert line.host.store.executions.get(execution.id).run_as == ada.id


POLLING = """
definitionVersion: 7
name: Polling
requiredConfigVars:
  - key: Twilio Connection
    dataType: connection
    connection: {component: {key: twilio, isPublic: true, version: LATEST}, key: apiKeySecret}
flows:
  - name: Poll
    steps:
      - name: Messages
        isTrigger: true
        action: {component: {key: twilio, isPublic: true, version: LATEST}, key: pollChangesTrigger}
        inputs: {connection: {type: configVar, value: Twilio Connection}}
        schedule: {type: value, value: "*/5 * * * *", meta: {scheduleType: minute, timeZone: ""}}
      - name: Log
        action: {component: {key: log, isPublic: true, version: LATEST}, key: writeLog}
        inputs: {message: {type: reference, value: messages.results.body.data.created}}
"""


def until(holds):
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_flow_that_asks_twilio_is_given_each_message_once(connect, tmp_path):
    (tmp_path / "integration.yaml").write_text(POLLING)
    line = connect(tmp_path / "integration.yaml")
    endpoint_id = line.webhook.rpartition("/")[2]

    def polled():
        return line.host.store.schedules.get(endpoint_id).last_at

    def poll_again():
        before = polled()
        line.host.endpoints.run_now(endpoint_id)
        until(lambda: polled() != before)

    until(polled)  # the first poll comes with the deployment
    line.text("Is anybody there?")
    poll_again()
    poll_again()
    (record,) = line.host.store.executions.recent()
    until(lambda: line.host.store.executions.status(record.id) == "succeeded")
    stored = portable.loads(line.host.store.executions.get(record.id).payload)
    assert [message["body"] for message in stored["body"]["data"]["created"]] == ["Is anybody there?"]
    assert requests.post(line.webhook, timeout=30).status_code == 404
