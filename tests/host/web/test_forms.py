import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio_connector.host.web.body import BodyRefused
from twilio_connector.host.web.forms import Form, errors_by_field, fields_of, forgotten, values_of

URLENCODED = "application/x-www-form-urlencoded"
INPUTS = [
    {"key": "sid", "type": "string", "label": "SID", "required": True, "example": "AC…"},
    {"key": "token", "type": "password", "label": "Token", "required": False},
    {"key": "fast", "type": "boolean", "label": "Fast", "required": False, "default": ""},
    {"key": "dry", "type": "boolean", "label": "Dry", "required": False, "default": "false"},
    {"key": "sure", "type": "boolean", "label": "Sure", "required": True},
    {"key": "region", "type": "string", "label": "Region", "model": [{"label": "US", "value": "us1"}]},
    {"key": "tags", "type": "string", "label": "Tags", "collection": "valuelist"},
    {"key": "headers", "type": "string", "label": "Headers", "collection": "keyvaluelist", "advanced": True},
    {"key": "code", "type": "code", "label": "Code"},
    {"key": "inside", "type": "string", "label": "Inside", "shown": False},
]


def sent(*pairs):
    return Form(tuple(pairs))


def by_name(values=None):
    return {item.name: item for item in fields_of(INPUTS, values)}


def test_a_secret_is_never_in_a_field():
    token = fields_of(INPUTS, {"token": "s3cret"}, stored={"token"})[1]
    assert token.value == ""
    assert token.stored
    assert "s3cret" not in repr(fields_of(INPUTS, {"token": "s3cret"}))


def test_each_input_has_the_control_that_its_type_asks_for():
    kinds = {item.name: item.kind for item in fields_of(INPUTS)}
    assert kinds == {
        "sid": "line",
        "token": "password",
        "fast": "select",
        "dry": "checkbox",
        "sure": "checkbox",
        "region": "select",
        "tags": "list",
        "headers": "pairs",
        "code": "text",
    }


def test_values_come_back_as_units_take_them():
    form = sent(
        ("sid", "AC1"),
        ("fast", "false"),
        ("dry", "true"),
        ("sure", "true"),
        ("region", "us1"),
        ("tags", "a\r\n\r\nb"),
        ("headers.key", "X"),
        ("headers.value", "1"),
        ("headers.key", ""),
        ("headers.value", "lost"),
        ("code", "a\r\nb"),
    )
    assert values_of(INPUTS, form) == {
        "sid": "AC1",
        "fast": "false",
        "dry": "true",
        "sure": "true",
        "region": "us1",
        "tags": ["a", "b"],
        "headers": [{"key": "X", "value": "1"}],
        "code": "a\nb",
    }


def test_an_unticked_box_is_false_and_an_empty_field_is_left_out():
    assert values_of(INPUTS, sent(("sid", ""), ("fast", ""))) == {"dry": "false", "sure": "false"}


def test_a_switch_without_a_default_may_be_left_alone():
    fast = by_name()["fast"]
    assert (fast.value, fast.choices) == ("", (("", "Not given"), ("true", "Yes"), ("false", "No")))


@pytest.mark.parametrize("given", [True, "true", False, "false"])
def test_a_switch_that_was_set_shows_how(given):
    shown = by_name({"fast": given, "dry": given})
    assert (shown["fast"].value, shown["dry"].value) == (str(given).lower(), given in {True, "true"})


def test_what_a_form_does_not_show_stays_and_cannot_be_sent():
    assert values_of(INPUTS, sent(("inside", "forged")), {"inside": "kept"})["inside"] == "kept"


def test_a_stored_secret_is_forgotten_only_if_none_was_entered():
    assert forgotten(INPUTS, sent(("token.forget", "true"))) == {"token"}
    assert forgotten(INPUTS, sent(("token.forget", "true"), ("token", "new"))) == frozenset()


def test_an_optional_choice_can_be_left_out():
    region = by_name()["region"]
    assert region.choices == (("", "Not given"), ("us1", "US"))


@pytest.mark.parametrize(
    ("example", "shown"),
    [('["a, b", "c"]', "a, b\nc"), ("a", "a"), (["a", "b"], "a\nb"), (None, ""), ("[broken", "[broken")],
)
def test_the_example_of_a_list_is_shown_as_it_is_typed(example, shown):
    item = {"key": "tags", "type": "string", "collection": "valuelist", "example": example}
    (field,) = fields_of([item])
    assert field.placeholder == shown
    assert values_of([item], sent(("tags", shown))).get("tags", []) == shown.splitlines()


def test_an_error_and_an_explanation_are_named_for_screen_readers():
    field = fields_of([{"key": "a", "comments": "why"}], errors={"a": "no"})[0]
    assert field.described_by == "a-help a-error"


def test_one_message_is_taken_apart_by_field():
    found = errors_by_field("sid: must be AC…; it is: odd; token: is required", ["sid", "token"])
    assert found == {"sid": "Must be AC…; it is: odd", "token": "Is required"}


def test_a_message_about_no_field_stays_whole():
    assert errors_by_field("the host is away: sid: x", ["sid"]) == {"": "the host is away: sid: x"}


def test_nested_problems_belong_to_their_field():
    assert errors_by_field("headers.0.key: is required", ["headers"]) == {"headers": "Is required"}


@pytest.mark.parametrize("body", [b"\xff", b"a=%ff", b"&".join([b"a=1"] * 1001)])
def test_a_form_that_cannot_be_read_is_refused(body):
    with pytest.raises(BodyRefused) as refused:
        Form.parse(URLENCODED, body)
    assert refused.value.status == 400


@pytest.mark.parametrize("content_type", ["", "text/plain", "multipart/form-data; boundary=x", "application/json"])
def test_only_forms_that_need_a_preflight_elsewhere_are_read(content_type):
    with pytest.raises(BodyRefused) as refused:
        Form.parse(content_type, b"a=1")
    assert refused.value.status == 415


@given(st.dictionaries(st.sampled_from(["sid", "region", "code"]), st.text(st.characters(exclude_categories=["Cs"]))))
def test_text_survives_the_way_to_the_browser_and_back(values):
    from urllib.parse import urlencode

    form = Form.parse(URLENCODED, urlencode(values).encode())
    assert all(form.get(key) == value for key, value in values.items())
