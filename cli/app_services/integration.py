"""The files of an integration, made of an exported application. Each is named by us, so none can lie outside of its folder."""

import json
import keyword
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

import yaml

from .. import markdown
from . import handler
from .export import App, Service, Webhook

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^A-Za-z0-9]+")
_MODULE = "handlers"
_TRIGGER = "inboundMessage"


@dataclass(frozen=True, kw_only=True)
class Flow:
    """A webhook as a flow. Its Python and JavaScript are called ``function``; ``module`` is the Python that carries it over."""

    name: str
    service: Service
    webhook: Webhook
    function: str
    user_function: str
    module: str | None

    @property
    def code(self) -> str:
        return f"{self.function}:save" if self.module else f"{_MODULE}:{self.function}"


def flows(app: App) -> tuple[Flow, ...]:
    """One a webhook. Two services may have webhooks of one name; flows may not, so those bear their service's name too."""
    pairs = [(service, webhook) for service in app.services for webhook in service.webhooks]
    said = [webhook.name for _, webhook in pairs]
    names, functions = {name for name in said if said.count(name) == 1}, {_MODULE}
    return tuple(
        Flow(
            name=webhook.name if webhook.name in names else _free(f"{webhook.name} ({service.name})", " ", names),
            service=service,
            webhook=webhook,
            function=_identifier(webhook.name, functions),
            user_function=_identifier(f"{webhook.name}_run_as", functions) if webhook.user_script else "",
            module=handler.ported(webhook.source),
        )
        for service, webhook in pairs
    )


def left(app: App, made: Iterable[Flow]) -> list[str]:
    """A sentence for all that is not carried over."""
    renamed = [flow for flow in made if flow.name != flow.webhook.name]
    return [
        *app.left,
        *(f"{f.webhook.name}: is a webhook of another service too, so its flow is called {f.name}" for f in renamed),
        *(f"{s.name}: has no incoming webhooks, so it has no flow" for s in app.services if not s.webhooks),
    ]


def files(app: App) -> dict[str, str]:
    """Text by relative path."""
    made = flows(app)
    taken: set[str] = set()
    connections = {f"connections/{_identifier(s.name, taken)}.json": _connection(s) for s in app.services}
    return {
        **({"integration.yaml": _integration(app, made)} if made else {}),
        **connections,
        **dict(_code(made)),
        "IMPORTED.md": _imported(app, made),
    }


def _identifier(name: str, taken: set[str]) -> str:
    """A name that Python and every file system take, and that nothing else here has."""
    plain = _WORDS.sub("_", name).strip("_").lower()
    base = f"webhook_{plain}".rstrip("_") if not plain or plain[0].isdigit() or keyword.iskeyword(plain) else plain
    return _free(base, "_", taken)


def _free(base: str, separator: str, taken: set[str]) -> str:
    """The name, with a number where it is taken; it is taken then."""
    numbered = (f"{base}{separator}{number}" for number in count(2))
    found = next(name for name in chain([base], numbered) if name not in taken)
    taken.add(found)
    return found


def _connection(service: Service) -> str:
    """In the form of App Services: the secret by its name, so that the file may be shared."""
    config = {"sid": service.sid} if service.sid else {}
    secret = {"auth_token": service.secret_name}
    content = {"name": service.name, "type": "twilio", "config": config, "secret_config": secret}
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _code(made: Iterable[Flow]) -> Iterator[tuple[str, str]]:
    stubs = []
    for flow in made:
        yield f"{flow.function}.js", flow.webhook.source
        if flow.module:
            yield f"{flow.function}.py", flow.module
        else:
            stubs.append(handler.stub(flow.function))
        if flow.user_function:
            yield f"{flow.user_function}.js", flow.webhook.user_script + "\n"
            stubs.append(handler.user_stub(flow.user_function))
    if stubs:
        yield f"{_MODULE}.py", handler.HEAD + "".join(stubs)


# ── integration.yaml ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _integration(app: App, made: Iterable[Flow]) -> str:
    content = {
        "definitionVersion": 7,
        "name": f"{app.name} Twilio",
        "description": "Imported from an App Services or Stitch application.",
        "endpointType": "flow_specific",
        "requiredConfigVars": [_config_var(service) for service in app.services if service.webhooks],
        "flows": [_flow(flow) for flow in made],
    }
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120)


def _variable(service: Service) -> str:
    return f"{service.name} Connection"


def _config_var(service: Service) -> dict[str, Any]:
    account = f"account {service.sid}" if service.sid else "its account"
    return {
        "key": _variable(service),
        "dataType": "connection",
        "description": f"The Twilio service {service.name}: {account}, auth token from the secret {service.secret_name}.",
        "connection": {"component": _component("twilio"), "key": "basic"},
    }


def _flow(flow: Flow) -> dict[str, Any]:
    connection = {"type": "configVar", "value": _variable(flow.service)}
    return {
        "name": flow.name,
        "description": f"The incoming webhook {flow.webhook.name} of the service {flow.service.name}.",
        "isSynchronous": flow.webhook.responds,
        "endpointSecurityType": "customer_optional",
        **_run_as(flow),
        "steps": [
            _step("Incoming Text", "twilio", _TRIGGER, twilioConnection=connection) | {"isTrigger": True},
            _step("Handle", "code", "runHandler", **_handled(flow)),
        ],
    }


def _run_as(flow: Flow) -> dict[str, Any]:
    if flow.user_function:
        return {"runAs": {"type": "script", "value": f"{_MODULE}:{flow.user_function}"}}
    return {"runAs": {"type": "user", "value": flow.webhook.user_id}} if flow.webhook.user_id else {}


def _handled(flow: Flow) -> dict[str, Any]:
    code = {"type": "value", "value": flow.code}
    return {"code": code} | ({"repeatable": {"type": "value", "value": "true"}} if flow.module else {})


def _step(name: str, component: str, action: str, **inputs: Any) -> dict[str, Any]:
    return {"name": name, "action": {"component": _component(component), "key": action}, "inputs": inputs}


def _component(key: str) -> dict[str, Any]:
    return {"key": key, "isPublic": True, "version": "LATEST"}


# ── IMPORTED.md ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def _imported(app: App, made: tuple[Flow, ...]) -> str:
    head = ("flow", "service", "code", "ported from", "answers the sender", "runs as")
    return (
        "\n\n".join(
            [
                f"# {markdown.plain(app.name)}: imported",
                markdown.table(head, (_row(flow) for flow in made)),
                "## To do",
                "\n".join(f"- {line}" for line in to_do(app, made)),
                "## Not carried over",
                "\n".join(f"- {markdown.plain(line)}" for line in left(app, made)) or "Nothing was left behind.",
            ]
        )
        + "\n"
    )


def _row(flow: Flow) -> tuple[str, ...]:
    webhook, code = flow.webhook, markdown.code
    user = code(f"{_MODULE}:{flow.user_function}") if flow.user_function else webhook.user_id and code(webhook.user_id)
    return (
        markdown.plain(flow.name),
        markdown.plain(flow.service.name),
        code(flow.code),
        code(f"{flow.function}.js"),
        "with what the handler says" if webhook.responds else "no",
        user or "system",
    )


def to_do(app: App, made: tuple[Flow, ...]) -> Iterator[str]:
    """What the import cannot do, as Markdown."""
    code = markdown.code
    for service in app.services:
        account = f" {code(service.sid)}" if service.sid else ""
        yield (
            f"Make the connection {code(service.name)}: the account{account} and its auth token, the secret "
            f"{code(service.secret_name)}. No secret was copied: it is in the application, or the export's secrets.json."
        )
    for flow in made:
        if flow.module is None:
            yield f"Port {code(f'{flow.function}.js')}: until then the flow {code(flow.name)} fails and says so."
        else:
            yield f"The texts that {code(flow.name)} has stored so far were not copied: it begins with an empty table."
        if flow.user_function:
            yield f"Port {code(f'{flow.user_function}.js')}, which names the user as whom {code(flow.name)} runs."
        elif flow.webhook.user_id:
            yield f"Make the user {code(flow.webhook.user_id)}, as whom {code(flow.name)} runs."
    if made:
        yield "Deploy the integration, and give Twilio the new webhook URLs."
