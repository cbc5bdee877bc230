"""What a request brings is read beside what others ask, however long that takes."""

import threading
from concurrent.futures import ThreadPoolExecutor

from pydantic import field_validator
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient
from twilio_connector.host.web.access import Origin
from twilio_connector.host.web.api.app import PREFIX, Api
from twilio_connector.host.web.api.route import Route
from twilio_connector.host.web.api.shapes import Shape
from twilio_connector.host.web.bearer import Bearer

REACHED, ON = threading.Event(), threading.Event()


class Long(Shape):
    """Takes long to be read."""

    text: str

    @field_validator("text")
    @classmethod
    def _long(cls, text: str) -> str:
        REACHED.set()
        assert ON.wait(10), "nobody else was answered meanwhile"
        return text


ROUTES = (
    Route(method="GET", path="/short", handle=lambda _: None, summary="", tag=""),
    Route(method="POST", path="/long", handle=lambda _: None, takes=Long, summary="", tag=""),
)


def test_while_a_body_is_read_others_are_answered(host, access):
    token = host.credentials.create_token("tests", "write")
    app = Starlette(
        routes=[Mount(PREFIX, Api(host, access, Origin.of(), Bearer(host.store.tokens, access.programs), ROUTES))]
    )
    headers = {"authorization": f"Bearer {token}"}
    with TestClient(app, headers=headers, raise_server_exceptions=False) as client, ThreadPoolExecutor() as others:
        long = others.submit(client.post, "/api/long", json={"text": "x"})
        assert REACHED.wait(10)
        assert client.get("/api/short").status_code == 204
        ON.set()
        assert long.result().status_code == 204
