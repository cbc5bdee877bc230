"""The triggers in a host behind nginx that ends TLS: Twilio signs what it calls, https://…, and the host hears plain http."""

import json
import shutil
import subprocess
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from socket import create_connection
from tempfile import TemporaryDirectory
from time import monotonic, sleep
from urllib.parse import urlencode, urlsplit

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from twilio.request_validator import RequestValidator
from twilio_connector.host.host import Host
from twilio_connector.host.settings import Settings
from twilio_connector.host.store import portable
from twilio_connector.host.web.access import Access
from twilio_connector.host.web.app import create_app
from twilio_connector.host.web.server import listen, serving

from .conftest import ACCOUNT, DELIVERED, FORM, FORMS, TOKEN

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
NAME = "hooks.example.test"
CONFIG = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder}/certificate.pem; ssl_certificate_key {folder}/key.pem;
    location /trigger/ {{
      proxy_pass {upstream};
      proxy_set_header X-Forwarded-Proto https;
      proxy_set_header X-Forwarded-Host elsewhere.example;
    }}
  }}
}}
"""
FLOW = """
  - name: {key}
    steps:
      - name: Trigger
        isTrigger: true
        action: {{component: {{key: twilio, isPublic: true, version: LATEST}}, key: {key}}}
        inputs: {{twilioConnection: {{type: configVar, value: Twilio}}}}
      - name: Log
        action: {{component: {{key: log, isPublic: true, version: LATEST}}, key: writeLog}}
        inputs: {{message: {{type: value, value: heard}}}}"""
HEAD = """
definitionVersion: 7
name: Everything
requiredConfigVars:
  - {key: Twilio, dataType: connection, connection: {component: {key: twilio, isPublic: true, version: LATEST}, key: basic}}
flows:"""
KEYS = [*FORMS, "eventStream", "webhook"]

pytestmark = pytest.mark.nginx


@pytest.fixture(scope="module", params=["with a port", "without a port"])
def proxied(request, tmp_path_factory):
    """A host with a flow for every trigger, its public URL that of the proxy; the proxy's own port and certificate."""
    if NGINX is None:
        pytest.skip("no nginx on this machine")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="nginx-")))
        port, socket = free_port(), stack.enter_context(listen())
        public = f"https://{NAME}:{port}" if request.param == "with a port" else f"https://{NAME}"
        settings = Settings(data=tmp_path_factory.mktemp("data"), public_url=public)
        host = stack.enter_context(Host.open(settings))
        host.connections.add(
            name="Twilio", component="twilio", key="basic", fields={"username": ACCOUNT, "password": TOKEN}
        )
        file = tmp_path_factory.mktemp("integration") / "integration.yaml"
        file.write_text(HEAD + "".join(FLOW.format(key=key) for key in KEYS))
        instance = host.instances.deploy(file, customer="acme", config={"Twilio": "Twilio"})
        upstream = stack.enter_context(serving(create_app(host, Access(host.credentials)), socket))
        stack.enter_context(nginx(folder, port, upstream))
        yield host, host.endpoints.addresses(instance.id), port, folder / "certificate.pem"


def free_port():
    with listen() as socket:
        return socket.getsockname()[1]


@contextmanager
def nginx(folder, port, upstream):
    certify(folder)
    (folder / "nginx.conf").write_text(CONFIG.format(folder=folder, port=port, upstream=upstream))
    folder.chmod(0o755)
    process = subprocess.Popen([NGINX, "-e", str(folder / "error.log"), "-c", str(folder / "nginx.conf")])
    try:
        wait_for(port, process)
        yield
    finally:
        process.terminate()
        process.wait(10)


def certify(folder):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, form, plain))


def wait_for(port, process):
    deadline = monotonic() + 20
    while True:
        try:
            create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert process.poll() is None
            assert monotonic() < deadline
            sleep(0.02)
        else:
            return


def call(proxied, key, *, signed=""):
    """Call as Twilio does, and sign as the official SDK does: the URL that is called, or another."""
    _, addresses, port, certificate = proxied
    body, query, headers, params = said(key)
    url = addresses[key]
    signature = RequestValidator(TOKEN).compute_signature((signed or url) + query, params)
    return requests.post(
        f"https://127.0.0.1:{port}{urlsplit(url).path}{query}",
        data=body,
        headers=headers | {"Host": urlsplit(url).netloc, "X-Twilio-Signature": signature},
        verify=certificate,
        timeout=20,
    )


def said(key):
    if key == "eventStream":
        body = json.dumps([DELIVERED]).encode()
        return body, f"?bodySHA256={sha256(body).hexdigest()}", {"Content-Type": "application/json"}, {}
    params = FORMS["inboundMessage" if key == "webhook" else key][0] | {"Extra": "a & b=c + ü%"}
    return urlencode(params).encode(), "", {"Content-Type": FORM}, params


@pytest.mark.parametrize("key", KEYS)
def test_what_twilio_signed_for_the_public_address_is_accepted(proxied, key):
    answer = call(proxied, key)
    assert answer.status_code == 200
    record = proxied[0].store.executions.get(answer.headers["x-execution-id"])
    payload = portable.loads(record.payload)
    assert record.flow == key
    assert payload["invokeUrl"] == proxied[1][key]


@pytest.mark.parametrize("key", KEYS)
def test_what_was_signed_for_another_address_is_refused_though_a_header_names_it(proxied, key):
    """The host that the proxy reaches, plain http, and the host that X-Forwarded-Host claims."""
    path = urlsplit(proxied[1][key]).path
    for other in (f"http://{NAME}{path}", f"https://elsewhere.example{path}"):
        assert call(proxied, key, signed=other).status_code == 403
