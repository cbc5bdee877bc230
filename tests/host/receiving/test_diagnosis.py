"""For which address a refused request was signed: found among the likely ones, told, and never acted upon."""

import asyncio
import time
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from twilio_connector.connector.errors import WebhookRejected
from twilio_connector.connector.payload import WebhookRequest
from twilio_connector.host.host import Host
from twilio_connector.host.receiving.diagnosis import MOST, Diagnoses, candidates
from twilio_connector.host.settings import Settings

PUBLIC = "http://127.0.0.1:8000"
TOKEN = "the-auth-token-of-the-account"
FIELDS = {"username": "AC" + "a" * 32, "password": TOKEN}
TEXT = {"MessageSid": "SM" + "1" * 32, "From": "+15551234567", "Body": "Hi", "AccountSid": FIELDS["username"]}
INTEGRATION = """
definitionVersion: 7
name: Texts
requiredConfigVars:
  - {key: Twilio, dataType: connection, connection: {component: {key: twilio, isPublic: true, version: LATEST}, key: basic}}
configPages: [{name: Account, elements: [{type: configVar, value: Twilio}]}]
flows:
  - name: Inbound
    steps:
      - name: Trigger
        isTrigger: true
        action: {component: {key: twilio, isPublic: true, version: LATEST}, key: webhook}
        inputs: {twilioConnection: {type: configVar, value: Twilio}}
"""


@pytest.fixture
def texts(tmp_path):
    """A host, not started, and the id of its endpoint."""
    (tmp_path / "texts.yaml").write_text(INTEGRATION)
    host = Host.open(Settings(data=tmp_path / "data", public_url=PUBLIC))
    connection = host.connections.add(name="Twilio", component="twilio", key="basic", fields=FIELDS)
    instance = host.instances.deploy(tmp_path / "texts.yaml", customer="acme", config={"Twilio": connection.id})
    (endpoint,) = host.store.instances.endpoints(instance.id)
    yield host, endpoint.id
    host.stop()


def send(host, endpoint_id, signed_for, headers=(), token=TOKEN):
    """A request that was signed for another address than the one where the host believes it arrived."""
    signature = RequestValidator(token).compute_signature(signed_for, TEXT)
    request = WebhookRequest(
        url=host.address(endpoint_id),
        headers=(
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("X-Twilio-Signature", signature),
            *headers,
        ),
        body=urlencode(TEXT).encode(),
    )
    with pytest.raises(WebhookRejected):
        asyncio.run(host.receive(endpoint_id, request))


def refusal(host):
    until = time.monotonic() + 10
    while not (found := host.store.refusals.recent()):
        assert time.monotonic() < until
        time.sleep(0.01)
    assert host.store.executions.recent() == []
    return found[0]


@pytest.mark.parametrize(
    ("base", "headers"),
    [
        ("https://hooks.example.com", [("Host", "hooks.example.com")]),
        ("https://hooks.example.com", [("Host", "127.0.0.1:8000"), ("X-Forwarded-Host", "hooks.example.com")]),
        ("https://hooks.example.com:8443", [("Host", "hooks.example.com"), ("X-Forwarded-Port", "8443")]),
        ("https://hooks.example.com", [("Host", "hooks.example.com:443")]),
        ("https://hooks.example.com", [("Forwarded", 'for=1.2.3.4;proto=https;host="hooks.example.com"')]),
        ("https://hooks.example.com/twilio", [("Host", "hooks.example.com"), ("X-Forwarded-Prefix", "/twilio/")]),
        ("https://127.0.0.1:8000", []),
    ],
)
def test_the_address_that_was_signed_is_told_and_the_request_stays_refused(texts, base, headers):
    host, endpoint_id = texts
    send(host, endpoint_id, f"{base}/trigger/{endpoint_id}", headers)
    assert refusal(host).signed_url == f"{base}/trigger/{endpoint_id}"


def test_a_forged_request_names_no_address(texts):
    host, endpoint_id = texts
    headers = [("Host", "evil.example.com"), ("X-Forwarded-Host", "<script>alert(1)</script>")]
    send(host, endpoint_id, f"https://evil.example.com/trigger/{endpoint_id}", headers, token="another-token")
    assert refusal(host).signed_url == ""


def test_a_flood_of_forgeries_is_not_calculated():
    now, found = [0.0], []
    diagnoses = Diagnoses(clock=lambda: now[0])
    assert diagnoses.try_start(lambda: "https://a.example", found.append)
    until = time.monotonic() + 10
    while diagnoses._busy.locked():
        assert time.monotonic() < until
    assert not diagnoses.try_start(lambda: "https://b.example", found.append)
    now[0] += diagnoses.every
    assert diagnoses.try_start(lambda: "https://c.example", lambda _: None)
    assert found == ["https://a.example"]


NAMES = ["host", "forwarded", "x-forwarded-host", "x-forwarded-port", "x-forwarded-prefix", "x-original-host"]


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.text() | st.from_regex(r"[a-z./:0-9]{1,40}", fullmatch=True))))
def test_whatever_the_headers_say_there_are_few_addresses(headers):
    request = WebhookRequest(url=f"{PUBLIC}/trigger/abc?x=1", headers=tuple(headers))
    urls = candidates(request, PUBLIC)
    assert len(urls) <= MOST
    assert all(url.startswith(("http://", "https://")) and url.endswith("/trigger/abc?x=1") for url in urls)
    assert request.url not in urls
