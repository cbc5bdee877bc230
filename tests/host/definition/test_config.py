import pytest
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.host.definition import configure

VARS = """\
requiredConfigVars:
  - {key: Text, dataType: string, defaultValue: hello}
  - {key: Choice, dataType: picklist, pickList: [red, green], defaultValue: red}
  - {key: Flag, dataType: boolean, defaultValue: "false"}
  - {key: Number, dataType: number, defaultValue: "5"}
  - {key: Day, dataType: date, defaultValue: 2026-03-15}
  - {key: Moment, dataType: timestamp, defaultValue: "2026-03-15T14:32:10Z"}
  - {key: Account, dataType: connection, connection: {component: {key: twilio}, key: basic}}
  - {key: Names, dataType: string, collectionType: valuelist}
"""
GIVEN = {"Account": "conn-1", "Names": ["a"]}


@pytest.fixture
def configured(integration):
    return lambda **given: configure(integration(top=VARS), {**GIVEN, **given})


def test_what_is_not_given_has_its_default(configured):
    assert configured(Text="")["Text"] == "hello"
    assert configured()["Day"] == "2026-03-15"


def test_values_are_text_as_on_the_platform(configured):
    values = configured(Flag=True, Number=7)
    assert (values["Flag"], values["Number"]) == ("true", "7")


def test_connections_and_lists_are_kept_as_they_are(configured):
    values = configured(Account={"id": 1})
    assert (values["Account"], values["Names"]) == ({"id": 1}, ["a"])


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"Choice": "blue"}, "Choice: must be one of red, green, not 'blue'"),
        ({"Flag": "maybe"}, "Flag: must be true or false"),
        ({"Number": "ten"}, "Number: must be a number"),
        ({"Day": "15.3."}, "Day: must be a date such as 2026-03-15"),
        ({"Moment": "noon"}, "Moment: must be a date and time"),
        ({"Account": ""}, "Account: is required"),
        ({"Names": "a"}, "Names: must be a list"),
        ({"Text": ["a"]}, "Text: must be text, not list"),
        ({"Txt": "x"}, "Txt: is not a config variable of Test; did you mean Text?"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(configured, given, problem):
    with pytest.raises(InvalidInput) as caught:
        configured(**given)
    assert problem in str(caught.value)
    assert caught.value.field == next(iter(given))


def test_all_problems_come_at_once(configured):
    with pytest.raises(InvalidInput, match=r"Flag: .*; Number: "):
        configured(Flag="x", Number="x")
