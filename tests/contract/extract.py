"""Write facts.json from Twilio's OpenAPI documents: ``python tests/contract/extract.py FOLDER``.

The documents are https://github.com/twilio/twilio-oai/tree/main/spec/json. Only facts are taken, of the operations that the
component stands on: names, kinds and limits of parameters, names and kinds of the properties of answers.
"""

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

FACTS = Path(__file__).with_name("facts.json")
HEADER = {
    "source": "Twilio's OpenAPI documents, https://github.com/twilio/twilio-oai, release 2.6.7",
    "licence": "MIT, Copyright (C) 2023, Twilio, Inc. (the documents name Apache 2.0 too)",
    "made by": "tests/contract/extract.py",
}
USED = {
    "api_v2010": re.compile(
        r"/2010-04-01/Accounts("
        r"|/\{Sid\}"
        r"|/\{AccountSid\}/("
        r"Applications|AvailablePhoneNumbers/\{CountryCode\}/\w+|Balance|Calls(/\{Sid\})?"
        r"|Calls/\{CallSid\}/(Notifications|Recordings)(/\{Sid\})?|Conferences/\{ConferenceSid\}/Recordings"
        r"|IncomingPhoneNumbers(/\{Sid\}|/Local|/Mobile|/TollFree)?"
        r"|Messages(/\{Sid\}|/\{MessageSid\}/(Feedback|Media(/\{Sid\})?))?|Notifications(/\{Sid\})?"
        r"|Recordings(/\{Sid\}|/\{RecordingSid\}/Transcriptions(/\{Sid\})?)?|SMS/ShortCodes|Transcriptions(/\{Sid\})?"
        r"|Usage/Records(/\w+)?"
        r"))\.json"
    ),
    "content_v1": re.compile(r"/v1/Content(/\{Sid\})?|/v1/ContentAndApprovals"),
    "events_v1": re.compile(
        r"/v1/Sinks(/\{Sid\})?|/v1/Subscriptions(/\{Sid\}|/\{SubscriptionSid\}/SubscribedEvents(/\{Type\})?)?"
    ),
    "lookups_v2": re.compile(r"/v2/PhoneNumbers/\{PhoneNumber\}"),
    "messaging_v1": re.compile(
        r"/v1/Services(/\{Sid\}|/\{ServiceSid\}/(AlphaSenders|PhoneNumbers|ShortCodes)(/\{Sid\})?)?"
    ),
    "monitor_v1": re.compile(r"/v1/Alerts(/\{Sid\})?"),
    "verify_v2": re.compile(r"/v2/Services(/\{ServiceSid\}/(VerificationCheck|Verifications(/\{Sid\})?))?"),
}
"""The paths of each document that are used, matched whole."""
LIMITS = ("format", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength", "maxItems")
FORM = "application/x-www-form-urlencoded"


def main(folder: Path) -> None:
    """Write the facts beside this script, an operation a line."""
    operations: dict[str, Any] = {}
    answers: dict[str, Any] = {}
    for name, used in USED.items():
        document = json.loads((folder / f"twilio_{name}.json").read_text(encoding="utf-8"))
        operations |= {f"{name.partition('_')[0]}/{key}": fact for key, fact in operations_of(document, used)}
        answers |= dict(answers_of(document, operations))
    parts = [f'"{key}": {json.dumps(value)}' for key, value in HEADER.items()]
    parts += [f'"{key}": {{\n{_lines(value)}\n}}' for key, value in (("operations", operations), ("answers", answers))]
    FACTS.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def operations_of(document: Mapping[str, Any], used: re.Pattern[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The operations of the paths that are used, by their id."""
    for path, item in document["paths"].items():
        for method in ("get", "post", "delete"):
            if used.fullmatch(path) and method in item and _is_form(item[method]):
                yield item[method]["operationId"], _operation(document, path, item, method)


def _is_form(operation: Mapping[str, Any]) -> bool:
    return FORM in operation.get("requestBody", {}).get("content", {FORM: None})


def _operation(document: Mapping[str, Any], path: str, item: Mapping[str, Any], method: str) -> dict[str, Any]:
    operation = item[method]
    parameters: dict[str, dict[str, Any]] = {"path": {}, "query": {}}
    for said in operation.get("parameters", ()):
        fact = {"required": True} if said.get("required") else {}
        parameters.setdefault(said["in"], {})[said["name"]] = fact | _kind(document, said["schema"])
    form = operation.get("requestBody", {}).get("content", {}).get(FORM, {}).get("schema")
    if form is not None:
        parameters["form"] = dict(_form(document, _resolved(document, form)))
    fact = {"method": method.upper(), "url": item["servers"][0]["url"] + path}
    fact |= {place: found for place, found in parameters.items() if found}
    return fact | _answer(document, operation)


def _form(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, said in schema.get("properties", {}).items():
        yield name, ({"required": True} if name in schema.get("required", ()) else {}) | _kind(document, said)


def _kind(document: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """What a value must be; text of any kind is ``{}``."""
    schema = _resolved(document, schema)
    if schema.get("type") == "array":
        limits = {"maxItems": schema["maxItems"]} if "maxItems" in schema else {}
        return {"array": True} | limits | _kind(document, schema.get("items", {}))
    kind = {} if schema.get("type", "string") == "string" else {"type": schema["type"]}
    return kind | {name: schema[name] for name in LIMITS if name in schema}


def _answer(document: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[str, Any]:
    """The status of success, the name of what is answered and, for a page, under which key its items are."""
    status = min(code for code in operation["responses"] if code.startswith("2"))
    content = operation["responses"][status].get("content", {}).get("application/json")
    if content is None:
        return {"status": int(status)}
    schema = content["schema"]
    if "$ref" in schema:
        return {"status": int(status), "answer": schema["$ref"].rpartition("/")[2]}
    pages = [(key, said["items"]) for key, said in schema["properties"].items() if said.get("type") == "array"]
    (items, item) = pages[0]
    paging = {"meta": True} if "meta" in schema["properties"] else {}
    return {"status": int(status), "answer": item["$ref"].rpartition("/")[2], "items": items} | paging


def answers_of(document: Mapping[str, Any], operations: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The properties of what the operations answer, with the kind of each."""
    for operation in operations.values():
        schema = document["components"]["schemas"].get(operation.get("answer"))
        if schema is not None:
            properties = schema.get("properties", {}).items()
            yield operation["answer"], {key: _property(document, said) for key, said in properties}


def _property(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    """The kind of a property, in a word: the prefix of a SID, a format, the first of an enum in quotes, or a type."""
    schema = _resolved(document, schema)
    if found := re.match(r"\^\(?([A-Z]{2})", schema.get("pattern", "")):
        return found[1]
    if "enum" in schema:
        return f"={schema['enum'][0]}"
    return schema.get("format") or schema.get("type") or "any"


def _resolved(document: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    while "$ref" in schema:
        found: Any = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        schema = found
    return schema


def _lines(facts: Mapping[str, Any]) -> str:
    return ",\n".join(
        f'"{key}": {json.dumps(fact, separators=(",", ":"), sort_keys=False)}' for key, fact in sorted(facts.items())
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
