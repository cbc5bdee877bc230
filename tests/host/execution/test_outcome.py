"""An outcome is the same whether it has just happened or is read back."""

import pytest
from twilio_connector.connector import errors
from twilio_connector.connector.result import ActionResult
from twilio_connector.host.execution.outcome import OutputRefused, pack, pack_error, unpack

LIMIT = 1000


def test_a_result_comes_back_whole():
    result = ActionResult(
        data={"raw": b"x", "list": [1, None]}, branch="Yes", signal="stop", status_code=201, instance_state={"a": 1}
    )
    assert unpack(pack(result, LIMIT)) == result


@pytest.mark.parametrize(
    "cls",
    [
        errors.ConnectorError,
        errors.InvalidInput,
        errors.ConnectionFailed,
        errors.Refused,
        errors.TryLater,
        errors.OutcomeUnknown,
        errors.InvalidComponent,
    ],
)
def test_an_error_comes_back_with_class_and_details(cls):
    error = cls("no", field="to", status=429, code=20429, request_id="RQ1", more_info="https://e.com", retry_after=1.5)
    with pytest.raises(cls) as caught:
        unpack(pack_error(error))
    assert caught.value.to_dict() == error.to_dict()


def test_an_error_is_kept_under_the_platform_s_names():
    error = errors.TryLater(
        "later", field="to", status=429, code=20429, request_id="RQ1", more_info="https://e.com", retry_after=1.5
    )
    assert pack_error(error) == (
        '{"error":{"kind":"retry","message":"later","field":"to","status":429,"code":20429,'
        '"requestId":"RQ1","moreInfo":"https://e.com","retryAfter":1.5}}'
    )


def test_an_error_of_a_kind_of_its_own_keeps_it():
    class Odd(errors.ConnectorError):
        kind = "odd"

    with pytest.raises(errors.ConnectorError) as caught:
        unpack(pack_error(Odd("strange")))
    assert (caught.value.kind, str(caught.value)) == ("odd", "strange")


def test_what_is_no_connector_error_is_named_by_its_type():
    with pytest.raises(errors.ConnectorError) as caught:
        unpack(pack_error(KeyError("x")))
    assert (caught.value.kind, str(caught.value)) == ("failed", "KeyError: 'x'")


@pytest.mark.parametrize(
    ("data", "message"), [("x" * LIMIT, "the limit is 1000"), ({"a": {1, object()}}, "is a object")]
)
def test_what_cannot_be_kept_is_refused_for_good(data, message):
    with pytest.raises(OutputRefused, match=message) as caught:
        pack(ActionResult(data=data), LIMIT)
    assert caught.value.kind == "refused"
