"""Two steps that do next to nothing, so that what is measured is what is around them."""

from collections.abc import Mapping
from typing import Any


def asked(form: Mapping[str, str]) -> dict[str, str]:
    return {"person": form["From"], "text": form["Body"].strip().lower()}


def answer(question: Mapping[str, str]) -> dict[str, str]:
    return {"to": question["person"], "body": f"You said: {question['text']}"}


def read(_context: Any, results: Mapping[str, Any]) -> dict[str, str]:
    return asked(results["incomingText"]["body"]["data"])


def compose(_context: Any, results: Mapping[str, Any]) -> dict[str, str]:
    return answer(results["read"])
