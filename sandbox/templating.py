"""Fills in a content template: https://www.twilio.com/docs/content/using-variables-with-content-api."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from .errors import TwilioError
from .forms import json_of
from .products import Content

VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
MAX_NAMES = 100


def variables(text: str) -> dict[str, str]:
    """Read ContentVariables. Raises TwilioError 21656 if it is not a JSON object of texts."""
    try:
        data = json_of(text or "{}")
    except ValueError as wrong:
        raise TwilioError(21656) from wrong
    if not isinstance(data, dict) or len(data) > MAX_NAMES:
        raise TwilioError(21656)
    return {name: str(value) for name, value in data.items()}


def render(content: Content, given: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """Return the body and the media URLs of the template's first form; samples stand in for what is not given."""
    form = next(iter(content.types.values()), {})
    values = {**content.variables, **given}

    def fill(text: Any) -> str:
        return VARIABLE.sub(lambda it: str(values.get(it[1], it[0])), str(text))

    body = form.get("body") or form.get("title") or ""
    media = form.get("media") or ()
    return fill(body), tuple(fill(url) for url in ([media] if isinstance(media, str) else media))
