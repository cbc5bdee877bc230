"""The same flow on bare DBOS: a webhook that the SDK validates starts a workflow of the same two steps.

``python benchmarks/bare_dbos.py PORT``, in a folder for its database. SQLite is set up as the host sets it up: WAL, a sync at
each commit, a clock in milliseconds. As many workflows run at once as the host runs by default, and the queue is asked often.
"""

import sys
from pathlib import Path

import uvicorn
from dbos import DBOS
from flows.two_steps.steps import answer, asked
from loopback import TOKEN
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from twilio.request_validator import RequestValidator
from twilio_connector.host.engine.durable import sqlite_engine
from twilio_connector.host.settings import Limits

VALIDATOR = RequestValidator(TOKEN)


@DBOS.step()
def read(form: dict[str, str]) -> dict[str, str]:
    return asked(form)


@DBOS.step()
def compose(question: dict[str, str]) -> dict[str, str]:
    return answer(question)


@DBOS.workflow()
def answer_text(form: dict[str, str]) -> dict[str, str]:
    return compose(read(form))


async def receive(request: Request) -> Response:
    form = {name: str(value) for name, value in (await request.form()).items()}
    if not VALIDATOR.validate(str(request.url), form, request.headers["X-Twilio-Signature"]):
        return Response(status_code=403)
    await DBOS.enqueue_workflow_async("texts", answer_text, form)
    return Response("<Response/>", media_type="text/xml")


def main(port: int) -> None:
    engine = sqlite_engine(Path("engine.sqlite"))
    DBOS(config={"name": "bare", "application_version": "1", "executor_id": "bare", "system_database_engine": engine,
                 "log_level": "WARNING"})  # fmt: skip
    DBOS.launch()
    DBOS.register_queue("texts", worker_concurrency=Limits().workers, polling_interval_sec=0.05)
    app = Starlette(routes=[Route("/sms", receive, methods=["POST"])])
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error", access_log=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
