import pickle

import pytest
from twilio_connector.connector import errors


@pytest.mark.parametrize(
    ("name", "kind", "exit_status"),
    [
        ("InvalidInput", "input", 2),
        ("ConnectionFailed", "connection", 3),
        ("Refused", "refused", 4),
        ("WebhookRejected", "refused", 4),
        ("TryLater", "retry", 5),
        ("OutcomeUnknown", "unknown", 6),
        ("InvalidComponent", "component", 2),
    ],
)
def test_each_error_says_what_to_do_next_by_its_kind_and_exit_status(name, kind, exit_status):
    error = getattr(errors, name)("text")
    assert isinstance(error, errors.ConnectorError)
    assert (error.kind, error.exit_status, str(error)) == (kind, exit_status, "text")


def test_what_the_service_said_is_kept_and_survives_pickling():
    said = {"status": 400, "code": 21211, "request_id": "RQ1", "more_info": "https://www.twilio.com/docs/errors/21211"}
    error = pickle.loads(pickle.dumps(errors.Refused("no", **said)))  # noqa: S301
    assert error.details == said
    assert error.to_dict() == {
        "kind": "refused",
        "message": "no",
        "status": 400,
        "code": 21211,
        "requestId": "RQ1",
        "moreInfo": "https://www.twilio.com/docs/errors/21211",
    }


def test_an_error_without_details_is_only_its_message():
    assert errors.TryLater("busy").to_dict() == {"kind": "retry", "message": "busy"}


class Mounted(Exception):
    kind = "refused"


class Numbered(Exception):
    kind = 7


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (errors.ConnectorError("no"), True),
        (errors.WebhookRejected("no"), True),
        (Mounted("no"), True),
        (Numbered("no"), False),
        (KeyError("x"), False),
        (KeyboardInterrupt(), False),
    ],
)
def test_an_error_is_told_on_purpose_where_it_says_its_kind_whoever_s_class_it_is(error, told):
    assert errors.is_told(error) is told
