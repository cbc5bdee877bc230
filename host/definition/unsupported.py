"""What the grammar has and this host does not do yet. Each entry is refused when the file is loaded."""

from collections.abc import Iterator

from . import model
from .cursor import Notes
from .problems import Where

_INTEGRATION_KEYS = {
    "preprocessFlowName": "routing between flows is not done here; give each flow its own URL (flow_specific)",
    "flowNameField": "routing between flows is not done here; give each flow its own URL (flow_specific)",
    "externalCustomerIdField": "routing between customers is not done here; deploy an instance for each customer",
    "externalCustomerUserIdField": "user-level configuration is not done here; remove it",
    "isCodeNative": "code-native integrations are not run here; export it as low-code",
    "importMetadata": "import metadata is not read here; remove it",
}
_FLOW_KEYS = {
    "triggerResolver": "batching of triggers is not done here yet; remove it",
    "supplementalComponents": "this is for code-native integrations; remove it",
}

Found = Iterator[tuple[Where, str]]


def note_unsupported(integration: model.Integration, notes: Notes) -> None:
    """Note everything that the integration asks for in vain."""
    for at, message in _integration(integration):
        notes.add(at, message)


def _integration(integration: model.Integration) -> Found:
    if integration.endpoint_type != "flow_specific":
        message = f"{integration.endpoint_type} is not done here; write flow_specific: each flow then has its own URL"
        yield integration.at.key("endpointType"), message
    yield from ((at, _INTEGRATION_KEYS[name]) for name, at in integration.declared.items())
    for page in integration.config_pages:
        if page.user_level:
            yield page.at.key("userLevelConfigured"), "user-level configuration is not done here; write false"
    for var in integration.config_vars:
        yield from _config_var(var)
    for flow in integration.flows:
        yield from _flow(flow)


def _config_var(var: model.ConfigVar) -> Found:
    if var.on_premise == "required":
        yield var.at.key("onPremiseConnectionConfig"), "on-premise agents are not reached from here; write disallowed"
    for unit in (var.connection, var.data_source):
        yield from _unit(unit) if unit else ()


def _unit(unit: model.UnitRef) -> Found:
    if unit.template:
        yield unit.at.key("template"), "connection templates are not kept here; remove it and give the fields"
    if unit.component.signature:
        message = "a component is not looked up by its signature here; write version: LATEST"
        yield unit.component.at.key("signature"), message


def _flow(flow: model.Flow) -> Found:
    yield from ((at, _FLOW_KEYS[name]) for name, at in flow.declared.items())
    if flow.agent:
        yield flow.at.key("isAgentFlow"), "agent flows are not run here; write false"
    if flow.security == "organization" or flow.organization_api_keys:
        message = "there are no API keys of an organization here; write customer_required: each customer has its own"
        yield flow.at.key("endpointSecurityType"), message
    for step in flow.walk():
        yield from _step(step)


def _step(step: model.Step) -> Found:
    yield from _unit(step.action)
    if step.schedule and step.schedule.schedule_type == "once":
        yield step.schedule.at, "a schedule that comes once is not run here; write scheduleType: custom and a cron line"
    if step.is_trigger and step.branches is not None:
        yield step.at.key("branches"), "triggers do not branch here yet; branch in the step after it"
    if step.is_trigger and step.body is not None:
        yield step.at.key("steps"), "a trigger has no steps inside it; move them after it"
    if step.is_trigger and step.errors.handler != "fail":
        yield step.errors.at, "a trigger's errors go to its caller; remove errorConfig"
