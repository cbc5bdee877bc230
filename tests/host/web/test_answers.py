"""What a flow says, as it goes over the wire."""

import pytest
from twilio_connector.connector.payload import HttpResponse
from twilio_connector.host.web import answers


@pytest.mark.parametrize(
    ("said", "status"), [("404", 404), (404.0, 200), (404, 404), (True, 200), ([404], 200), ({}, 200), (None, 200)]
)
def test_a_flow_may_say_anything_for_a_status_and_what_is_none_becomes_200(said, status):
    assert answers.of(HttpResponse(status_code=said)).status_code == status
