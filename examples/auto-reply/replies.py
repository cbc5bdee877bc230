"""What the flow answers: a plain function of the results so far."""

from collections.abc import Mapping
from typing import Any

from twilio_connector.connector.context import ActionContext


def compose(context: ActionContext, results: Mapping[str, Any]) -> str:
    """Answer a question about hours; to anything else, say what arrived."""
    text = results["incomingText"]["body"]["data"]["body"].strip()
    if "hours" in text.lower():
        return f"We are here {context.config_vars['Opening Hours']}."
    return f"Hello from {context.customer.name}! You wrote: {text}"
