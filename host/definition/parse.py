"""An integration file, from bytes to the model, or every problem that keeps it from being one."""

from pathlib import Path
from typing import get_args

from . import model, rules, tree
from .cursor import Cursor, Notes
from .inputs import read_input, read_inputs, read_reference
from .problems import IntegrationInvalid, Problem, Where
from .timetable import Timetable, check_zone

_SCHEDULE_TYPES = ("none", "once", "custom", "minute", "hour", "day", "week")
_DATA_TYPES = (
    *("string", "date", "timestamp", "picklist", "schedule", "code", "boolean", "number"),
    *("objectSelection", "objectFieldMap", "jsonForm", "connection"),
)
_SECURITY = ("unsecured", "customer_optional", "customer_required", "organization")


def read(path: Path) -> model.Integration:
    """The integration in a file; code steps find their modules beside it. Raises IntegrationInvalid."""
    return parse(read_bytes(path), file=str(path), folder=path.resolve().parent)


def read_bytes(path: Path) -> bytes:
    """The bytes of a file, no more of them than an integration may have and one. Raises IntegrationInvalid."""
    try:
        if path.exists() and not path.is_file():  # a device or a pipe would be read without end
            raise IntegrationInvalid([Problem(str(path), 1, "", "is no file; give the path of an integration file")])
        with path.open("rb") as file:
            return file.read(tree.MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise IntegrationInvalid([Problem(str(path), 1, "", f"cannot be read: {why}")]) from None


def parse(data: bytes, file: str = "integration.yaml", folder: Path | None = None) -> model.Integration:
    """The integration in the bytes of a file. Raises IntegrationInvalid with all that is wrong."""
    integration, notes = draft(data, file, folder)
    if notes.problems:
        raise IntegrationInvalid(notes.problems)
    return integration


def draft(data: bytes, file: str = "integration.yaml", folder: Path | None = None) -> tuple[model.Integration, Notes]:
    """The integration as far as it can be read, and what is wrong with it. Raises IntegrationInvalid if it is no YAML."""
    root = tree.read(data, file)
    notes = Notes(file)
    integration = _integration(Cursor.on(root, Where(root.line), notes), file, folder)
    rules.apply(integration, notes)
    return integration, notes


def _integration(cursor: Cursor, file: str, folder: Path | None) -> model.Integration:
    routing = ("preprocessFlowName", "flowNameField", "externalCustomerIdField", "externalCustomerUserIdField")
    others = (*routing, "isCodeNative", "importMetadata")
    cursor.only(
        "renameAttributes",
        *("name", "definitionVersion", "flows", "requiredConfigVars", "configPages", "description", "documentation"),
        *("category", "labels", "version", "defaultInstanceProfile", "endpointType", *others),
    )
    return model.Integration(
        name=cursor.required("name"),
        definition_version=_definition_version(cursor),
        description=cursor.text("description"),
        documentation=cursor.text("documentation"),
        category=cursor.text("category"),
        labels=cursor.texts("labels"),
        version=cursor.text("version"),
        endpoint_type=cursor.choice(
            "endpointType", ("flow_specific", "instance_specific", "shared_instance"), "flow_specific"
        ),
        config_vars=tuple(_config_var(item) for item in cursor.each("requiredConfigVars")),
        config_pages=tuple(_config_page(item) for item in cursor.each("configPages")),
        renames=_renames(cursor.find("renameAttributes")),
        flows=tuple(_flow(item) for item in cursor.each("flows")),
        file=file,
        folder=folder,
        declared=cursor.declared(*others),
        at=cursor.at,
    )


def _renames(cursor: Cursor | None) -> model.Renames:
    if cursor is None:
        return model.Renames()
    cursor.only("flows", "requiredConfigVars")
    return model.Renames(flows=_old_names(cursor, "flows"), config_vars=_old_names(cursor, "requiredConfigVars"))


def _old_names(cursor: Cursor, name: str) -> dict[str, str]:
    pairs = cursor.each(name)
    for pair in pairs:
        pair.only("oldName", "newName")
    return {pair.required("oldName"): pair.required("newName") for pair in pairs}


def _definition_version(cursor: Cursor) -> int:
    if cursor.find("definitionVersion") is None:
        cursor.notes.add(cursor.at.key("definitionVersion"), "is required; write definitionVersion: 7")
        return 7
    return cursor.integer("definitionVersion", 6, 7, default=7)


def _config_var(cursor: Cursor) -> model.ConfigVar:
    cursor.only(
        *(
            "key",
            "dataType",
            "connection",
            "dataSource",
            "inputs",
            "defaultValue",
            "pickList",
            "description",
            "orgOnly",
        ),
        *("stableKey", "meta", "collectionType", "scheduleType", "timeZone", "codeLanguage"),
        *("onPremiseConnectionConfig", "useScopedConfigVar"),
    )
    data_type = cursor.choice("dataType", _DATA_TYPES, "string")
    _zone(cursor)
    if data_type == "schedule" and cursor.text("defaultValue"):
        _timetable(cursor, "defaultValue")
    return model.ConfigVar(
        key=cursor.required("key"),
        data_type=data_type,
        stable_key=cursor.text("stableKey"),
        description=cursor.text("description"),
        default=cursor.text("defaultValue"),
        default_at=found.at if (found := cursor.find("defaultValue")) else None,
        org_only=cursor.flag("orgOnly"),
        pick_list=cursor.texts("pickList"),
        collection=cursor.choice("collectionType", ("", "valuelist", "keyvaluelist"), ""),
        schedule_type=cursor.choice("scheduleType", ("", *_SCHEDULE_TYPES), ""),
        time_zone=cursor.text("timeZone"),
        code_language=cursor.choice("codeLanguage", ("", "json", "xml", "html"), ""),
        connection=_unit(cursor.find("connection")),
        data_source=_unit(cursor.find("dataSource")),
        scoped=cursor.text("useScopedConfigVar"),
        on_premise=cursor.choice("onPremiseConnectionConfig", ("disallowed", "allowed", "required"), "disallowed"),
        inputs=read_inputs(cursor),
        at=cursor.at,
    )


def _unit(cursor: Cursor | None) -> model.UnitRef | None:
    if cursor is None:
        return None
    cursor.only("component", "key", "template")
    return model.UnitRef(
        component=_component(cursor),
        key=cursor.required("key"),
        template=cursor.text("template"),
        at=cursor.at,
    )


def _component(owner: Cursor) -> model.ComponentRef:
    cursor = owner.find("component")
    if cursor is None:
        owner.notes.add(
            owner.at.key("component"), "is required; write component: {key: …, isPublic: true, version: LATEST}"
        )
        return model.ComponentRef(key="", at=owner.at)
    cursor.only("key", "isPublic", "version", "signature")
    cursor.flag("isPublic")
    return model.ComponentRef(
        key=cursor.required("key"),
        version=cursor.text("version", "LATEST"),
        signature=cursor.text("signature"),
        at=cursor.at,
    )


def _config_page(cursor: Cursor) -> model.ConfigPage:
    cursor.only("name", "tagline", "userLevelConfigured", "elements")
    return model.ConfigPage(
        name=cursor.text("name"),
        tagline=cursor.text("tagline"),
        user_level=cursor.flag("userLevelConfigured"),
        elements=tuple(_page_element(item) for item in cursor.each("elements")),
        at=cursor.at,
    )


def _page_element(cursor: Cursor) -> model.PageElement:
    cursor.only("type", "value")
    kind = cursor.choice("type", get_args(model.PageElement.__annotations__["type"]), "configVar")
    return model.PageElement(type=kind, value=cursor.text("value"), at=cursor.at)


def _flow(cursor: Cursor) -> model.Flow:
    others = ("supplementalComponents", *_batching(cursor.find("triggerResolver")))
    cursor.only(
        *("schemas", "renameAttributes"),  # a description; names of steps, which nothing outlives
        *("name", "steps", "description", "stableKey", "isSynchronous", "isAgentFlow", "endpointSecurityType"),
        *("organizationApiKeys", "retryConfig", "queueConfig", "triggerResolver", "runAs", *others),
    )
    return model.Flow(
        name=cursor.required("name"),
        steps=_steps(cursor),
        description=cursor.text("description"),
        stable_key=cursor.text("stableKey"),
        synchronous=cursor.flag("isSynchronous"),
        agent=cursor.flag("isAgentFlow"),
        security=cursor.choice("endpointSecurityType", _SECURITY, "customer_optional"),
        organization_api_keys=cursor.texts("organizationApiKeys"),
        retry=_retry(cursor.find("retryConfig")),
        queue=_queue(cursor.find("queueConfig")),
        run_as=_run_as(cursor.find("runAs")),
        declared=cursor.declared(*others),
        at=cursor.at,
    )


def _batching(resolver: Cursor | None) -> tuple[str, ...]:
    """The key of a trigger resolver that is on."""
    if resolver is None:
        return ()
    resolver.only("enabled", "batchSize", "concurrentBatchLimit", "runInitialSyncOnDeploy")
    return ("triggerResolver",) if resolver.flag("enabled") else ()


def _steps(cursor: Cursor) -> tuple[model.Step, ...]:
    return tuple(_step(item) for item in cursor.each("steps"))


def _step(cursor: Cursor) -> model.Step:
    cursor.only(
        *("name", "action", "inputs", "description", "isTrigger", "steps", "branches", "schedule", "errorConfig"),
        "stableKey",
    )
    action = _unit(cursor.find("action"))
    if action is None:
        cursor.notes.add(cursor.at.key("action"), "is required; write action: {component: {key: …}, key: …}")
    return model.Step(
        name=cursor.required("name"),
        action=action or model.UnitRef(component=model.ComponentRef(key=""), key="", at=cursor.at),
        description=cursor.text("description"),
        stable_key=cursor.text("stableKey"),
        is_trigger=cursor.flag("isTrigger"),
        inputs=read_inputs(cursor),
        body=_steps(cursor) if cursor.find("steps") else None,
        branches=tuple(_branch(item) for item in cursor.each("branches")) if cursor.find("branches") else None,
        schedule=_schedule(cursor.find("schedule")),
        errors=_errors(cursor.find("errorConfig")),
        at=cursor.at,
    )


def _branch(cursor: Cursor) -> model.Branch:
    cursor.only("name", "steps")
    return model.Branch(name=cursor.required("name"), steps=_steps(cursor), at=cursor.at)


def _schedule(cursor: Cursor | None) -> model.Schedule | None:
    if cursor is None:
        return None
    cursor.only("type", "value", "meta")
    meta = cursor.find("meta") or cursor
    schedule = model.Schedule(
        type=cursor.choice("type", ("value", "configVar"), "value"),
        value=cursor.text("value"),
        schedule_type=meta.choice("scheduleType", _SCHEDULE_TYPES, "custom"),
        time_zone=meta.text("timeZone"),
        at=cursor.at,
    )
    _zone(meta)
    if schedule.is_on and schedule.type == "value":
        _timetable(cursor, "value")
    return schedule


def _timetable(cursor: Cursor, name: str) -> None:
    """Note text that tells no times."""
    found = cursor.find(name)
    try:
        Timetable.parse(cursor.text(name))
    except ValueError as error:
        cursor.notes.add(found.at if found else cursor.at.key(name), str(error))


def _zone(cursor: Cursor) -> None:
    found = cursor.find("timeZone")
    try:
        check_zone(cursor.text("timeZone"))
    except ValueError as error:
        cursor.notes.add(found.at if found else cursor.at, str(error))


def _errors(cursor: Cursor | None) -> model.ErrorConfig:
    if cursor is None:
        return model.ErrorConfig()
    cursor.only("errorHandlerType", "maxAttempts", "delaySeconds", "usesExponentialBackoff", "ignoreFinalError")
    return model.ErrorConfig(
        handler=cursor.choice("errorHandlerType", ("fail", "ignore", "retry"), "fail"),
        max_attempts=cursor.integer("maxAttempts", 0, 5),
        delay_seconds=cursor.integer("delaySeconds", 0, 60),
        exponential=cursor.flag("usesExponentialBackoff"),
        ignore_final_error=cursor.flag("ignoreFinalError"),
        at=cursor.at,
    )


def _retry(cursor: Cursor | None) -> model.RetryConfig | None:
    if cursor is None:
        return None
    cursor.only("maxAttempts", "delayMinutes", "usesExponentialBackoff", "uniqueRequestIdField")
    return model.RetryConfig(
        max_attempts=cursor.integer("maxAttempts", 0, 10),
        delay_minutes=cursor.integer("delayMinutes", 0, 60),
        exponential=cursor.flag("usesExponentialBackoff"),
        unique_request_id=_field_reference(cursor.find("uniqueRequestIdField")),
        at=cursor.at,
    )


def _queue(cursor: Cursor | None) -> model.QueueConfig | None:
    if cursor is None:
        return None
    cursor.only("usesFifoQueue", "concurrencyLimit", "dedupeIdField", "singletonExecutions")
    limit = cursor.integer("concurrencyLimit", 2, 15) if cursor.find("concurrencyLimit") else None
    return model.QueueConfig(
        fifo=cursor.flag("usesFifoQueue"),
        concurrency_limit=limit,
        dedupe_id=_field_reference(cursor.find("dedupeIdField")),
        singleton=cursor.flag("singletonExecutions"),
        at=cursor.at,
    )


def _run_as(cursor: Cursor | None) -> model.RunAs:
    """The host's own key: the platform has none like it, Stitch calls it "Run Webhook As"."""
    if cursor is None:
        return model.RunAs()
    cursor.only("type", "value")
    kind = cursor.choice("type", get_args(model.RunAs.__annotations__["type"]), "system")
    value = cursor.text("value") if kind == "system" else cursor.required("value")
    if kind == "system" and value:
        cursor.notes.add(cursor.at.key("value"), "the system has no value; remove it, or write type: user or script")
    return model.RunAs(type=kind, value=value.strip(), at=cursor.at)


def _field_reference(cursor: Cursor | None) -> model.Reference | None:
    if cursor is None or (cursor.text("type") == "value" and not cursor.text("value").strip()):
        return None
    if cursor.text("type", "reference") != "reference":
        read_input(cursor)
        cursor.problem("must be of type reference, such as {type: reference, value: trigger.results.body.data.id}")
        return None
    return read_reference(cursor)
