"""A folder of a team, written file by file, and a host that is opened and not started."""

from textwrap import dedent

import pytest
from pydantic import SecretStr
from twilio_connector.host.declarations import DeclarationsInvalid, apply, check, read
from twilio_connector.host.host import Host
from twilio_connector.host.settings import Settings

DEFINITION = """
    definitionVersion: 7
    name: Greet
    requiredConfigVars:
      - key: Token
        dataType: connection
        connection: {component: {key: probe, isPublic: true, version: LATEST}, key: token}
      - {key: Greeting, dataType: string, defaultValue: Hello}
    flows:
      - name: Inbound
        steps:
          - name: Trigger
            isTrigger: true
            action: {component: {key: webhook-triggers, isPublic: true, version: LATEST}, key: webhook}
"""
WHOLE = {
    "connections/main.yaml": """
        name: Main
        component: probe
        key: token
        fields: {account: A1}
        secrets: {token: my-token}
    """,
    "customers/acme.yaml": "{externalId: acme, name: Acme Inc.}",
    "integrations/greet/integration.yaml": DEFINITION,
    "instances/acme.yaml": """
        integration: Greet
        customer: acme
        config: {Token: Main}
    """,
}
COMPONENT = """
key: probe
display: {label: Probe, description: Leaves traces for tests}
documentationUrl: https://example.com/
connections:
  token:
    label: Token
    comments: A token
    entry: "probe:Token"
    declaredAs: {type: probe, config: {sid: account}, secret_config: {auth_token: token}}
"""


@pytest.fixture
def host(request, tmp_path, probe):
    """On SQLite; on Postgres where a test asks for it."""
    (probe / "component.yaml").write_text(COMPONENT)
    url = SecretStr(request.getfixturevalue("new_database")() if getattr(request, "param", "") == "postgres" else "")
    settings = Settings(
        data=tmp_path / "data", database_url=url, components=(probe,), public_url="https://host.example"
    )
    opened = Host.open(settings)
    opened.custody.set_secret("my-token", "hunter2-hunter2")
    yield opened
    opened.stop()


@pytest.fixture
def folder(tmp_path):
    """Write files into the folder; None removes one."""

    def write(files=WHOLE, **more):
        root = tmp_path / "team"
        for name, text in {**files, **more}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            if text is not None:
                path.write_text(dedent(text).strip() + "\n")
        return root

    return write


@pytest.fixture
def deploy(host):
    """Deploy the folder; what was done, by kind and name."""

    def run(root, name="", **how):
        checked = check(read(root, host.registry, name), host)
        return {(outcome.kind, outcome.name): outcome.did for outcome in apply(checked, host, **how)}

    return run


@pytest.fixture
def problems(host):
    """What is wrong with the folder, a line each, without the folder's own path."""

    def find(root):
        declared = read(root, host.registry)
        try:
            check(declared, host)
        except DeclarationsInvalid as error:
            return str(error).replace(f"{root}/", "").splitlines()
        return []

    return find
