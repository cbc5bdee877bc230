"""Whatever a host or a person gives as inputs: each is taken, or refused by its name; nothing else is raised."""

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twilio_connector.connector.component import load
from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import ConnectorError, InvalidInput, TryLater
from twilio_connector.connector.http import Transport
from twilio_connector.connector.manifest import inputs_of

COMPONENT = load("twilio_connector")
CONNECTION = {"key": "basic", "fields": {"username": "AC" + "1" * 32, "password": "x"}}
PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        [
            "true",
            "+15551234567",
            "[]",
            "{}",
            "[1",
            '{"key": "a"}',
            "2026-13-01",
            "http://[",
            "\ud83d",
            "NaN",
            "[" * 5000,
            '{"a":' * 5000,
        ]
    ),
    st.binary(max_size=5),
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["key", "value", "a", ""]), inner, max_size=3)
    ),
    max_leaves=5,
)


class Unplugged(Transport):
    """A network that is not there, after the request was put together as for a real one."""

    def send(self, request):
        requests.Request(
            request.method, request.url, request.headers, request.files, request.data, list(request.params)
        ).prepare()
        raise requests.ConnectTimeout


CONTEXT = ActionContext(transport=Unplugged(), sleep=lambda seconds: None)


def refusal(action, values):
    try:
        action.perform(CONTEXT, dict.fromkeys(action.connection_inputs, CONNECTION) | values)
    except ConnectorError as error:
        return error
    return None


@pytest.mark.parametrize("key", [*COMPONENT.actions])
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_an_input_is_taken_or_refused_by_its_name(key, data):
    action = COMPONENT.actions[key]
    items = [item for item in inputs_of(action.model) if item["type"] != "connection"]
    names = [item["key"] for item in items]
    values = {item["key"]: item["example"] for item in items if "example" in item}
    values |= data.draw(st.dictionaries(st.sampled_from([*names, "nonsense"]), VALUES, max_size=4))
    error = refusal(action, values)
    if isinstance(error, InvalidInput):
        assert (error.field or "").split(".")[0] in {*names, "nonsense"}
    else:
        assert error is None or isinstance(error, TryLater)
