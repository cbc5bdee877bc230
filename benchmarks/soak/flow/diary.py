"""What the flows of the soak write down: a line for each execution, in the order in which the flows saw their events."""

import json
import os
from collections.abc import Mapping
from typing import Any

from twilio_connector.connector.context import ActionContext


def note(context: ActionContext, results: Mapping[str, Any]) -> None:
    """One write of one line, so that lines of several processes do not mix.

    It begins a line of its own: what was written before may be cut off, where its process was killed while it wrote.
    """
    seen = results["trigger"]["body"]
    event = seen.get("data") if isinstance(seen, Mapping) else None
    line = {"execution": context.execution_id, "flow": context.flow.name, "event": event}
    diary = os.open(os.environ["SOAK_DIARY"], os.O_WRONLY | os.O_APPEND)
    try:
        os.write(diary, b"\n" + json.dumps(line).encode())
    finally:
        os.close(diary)


def answer(context: ActionContext, results: Mapping[str, Any]) -> str:
    note(context, results)
    return f"answer to {results['trigger']['body']['data']['body']}"


def twiml(context: ActionContext, results: Mapping[str, Any]) -> str:
    """Record the call and have it written down, and hear of both; asked again with the recording, end it."""
    note(context, results)
    if results["trigger"]["body"]["data"]["status"] != "ringing":
        return "<Response><Hangup/></Response>"
    urls = results["trigger"]["webhookUrls"]
    return (
        f'<Response><Record transcribe="true" transcribeCallback="{urls["Transcription"]}" '
        f'recordingStatusCallback="{urls["Recording"]}"/></Response>'
    )
