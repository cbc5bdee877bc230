import pytest
from twilio_connector.connector.component import load
from twilio_connector.connector.errors import WebhookRejected
from twilio_connector.connector.testing import Harness, _checks, contract


@pytest.fixture
def harness(greeter, token):
    return Harness(greeter, connection=token)


def test_the_connection_is_filled_in_and_the_result_is_what_a_host_stores(harness):
    data = harness.perform("greet", {"name": "Ada", "extras": {"a": "1"}})["data"]
    assert data["extras"] == [["a", "1"]]


def test_requests_are_signed_unless_told_otherwise(harness):
    assert harness.receive("hook", params={"a": "1"})["body"]["data"] == "a=1"
    with pytest.raises(WebhookRejected):
        harness.receive("hook", params={"a": "1"}, signed=False)


def test_data_sources_and_connection_tests_run(harness):
    assert harness.choices("names") == [{"label": "Ada", "key": "1"}]
    assert harness.test_connection() == "reaches the greeter"


def test_a_sound_component_holds_the_contract(greeter):
    for _, check in _checks(load(greeter)):
        check()


@pytest.mark.parametrize(
    ("old", "new", "broken"),
    [
        ('title="Name", ', "", "greet: inputs are labelled"),
        ('description="Whom."', 'description=""', "greet: inputs are labelled"),
        ('    """Greet."""\n', "", "greet: is documented"),
        (', examples=["2"]', ', examples=["0"]', "greet: accepts its own examples"),
        ('Annotated[dict[str, Any], Example({"text": "Hi Ada"})]', "dict[str, Any]", "greet: gives an example"),
        ('raise WebhookRejected("the token does not match")', "pass", "hook: refuses an unsigned request"),
    ],
)
def test_the_contract_finds_what_is_wrong(greeter, old, new, broken):
    code = (greeter / "code.py").read_text()
    assert old in code
    (greeter / "code.py").write_text(code.replace(old, new))
    failed = [name for name, check in _checks(load(greeter)) if _fails(check)]
    assert failed == [broken]


def _fails(check):
    try:
        check()
    except Exception:  # noqa: BLE001 (whatever a broken component raises)
        return True
    return False


def test_the_contract_is_adopted_in_one_line(greeter):
    assert contract(greeter).pytestmark[0].name == "parametrize"
