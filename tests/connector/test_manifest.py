import pytest
from twilio_connector.connector.component import load
from twilio_connector.connector.errors import InvalidComponent


def edit(folder, old, new):
    path = folder / "component.yaml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    return folder


def inputs(folder):
    return {item["key"]: item for item in load(folder).manifest()["actions"]["greet"]["inputs"]}


def test_resolved_inputs_have_the_platforms_keys_and_types(greeter):
    found = inputs(greeter)
    assert {key: item["type"] for key, item in found.items()} == {
        "connection": "connection",
        "name": "string",
        "tone": "string",
        "times": "string",
        "loud": "boolean",
        "note": "text",
        "extras": "string",
        "tags": "string",
    }
    assert found["name"] == {
        "key": "name",
        "type": "string",
        "label": "Name",
        "placeholder": "Enter a name",
        "comments": "Whom.",
        "example": "Ada",
        "required": True,
        "default": "",
        "shown": True,
    }


def test_defaults_are_strings_and_choices_a_model(greeter):
    found = inputs(greeter)
    assert (found["times"]["default"], found["loud"]["default"], found["note"]["default"]) == ("1", "false", "")
    assert found["tone"]["model"] == [{"label": "warm", "value": "warm"}, {"label": "cool", "value": "cool"}]
    assert "default" not in found["connection"]


def test_collections_are_told_apart(greeter):
    found = inputs(greeter)
    assert (found["extras"]["collection"], found["tags"]["collection"]) == ("keyvaluelist", "valuelist")


def test_a_secret_is_a_password_and_has_no_default(greeter):
    fields = {item["key"]: item for item in load(greeter).manifest()["connections"][0]["inputs"]}
    assert fields["token"]["type"] == "password"
    assert fields["token"]["default"] == ""


def test_examples_come_wrapped_as_a_host_gives_them(greeter):
    stored = load(greeter).manifest()
    assert stored["actions"]["greet"]["examplePayload"] == {"data": {"text": "Hi Ada"}}
    assert stored["actions"]["count"]["examplePayload"] == {"data": [1]}
    assert stored["dataSources"]["names"]["examplePayload"] == {"result": [{"label": "Ada", "key": "1"}]}


def test_what_serves_only_the_loader_is_not_stored(greeter):
    stored = load(greeter).manifest()
    assert "pure" not in stored["actions"]["greet"]
    assert "sign" not in stored["triggers"]["hook"]
    assert stored["triggers"]["hook"]["synchronousResponseSupport"] == "valid"


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("key: greeter", "key: Greeter", 1, "key: 'Greeter' is not a key: lower-case"),
        ("key: greeter\n", "", 1, "'key' is a required property; add it"),
        ("label: Greet, ", "lable: Greet, ", 8, "actions.greet.lable: unknown; did you mean label?"),
        ("public: true\n", "public: true\ncolour: red\n", 3, "colour: unknown; there are key, public"),
        ('"code:greet"', '"code.greet"', 8, "actions.greet.entry: 'code.greet' is not an entry point, module:name"),
        ("public: true", "public: maybe", 2, "public: 'maybe' is not of type 'boolean'"),
        ("scheduleSupport: invalid", "scheduleSupport: never", 16, "'never' is not one of"),
        ("https://example.com/greeter", "http://example.com", 4, "not an https:// address"),
        ("  greet: {", "  Greet: {", 7, "'Greet' is not a key in camelCase"),
        ("  count: {", "  greet: {", 7, "has greet twice, again on line 9; keep one"),
        ("key: greeter", "key: [greeter", 2, "is not YAML"),
    ],
)
def test_a_fault_in_the_manifest_names_line_key_and_mend(greeter, old, new, line, says):
    with pytest.raises(InvalidComponent) as caught:
        load(edit(greeter, old, new))
    assert f"component.yaml:{line}: " in str(caught.value)
    assert says in str(caught.value)


def test_all_faults_are_told_at_once(greeter):
    edit(greeter, "key: greeter", "key: Greeter")
    with pytest.raises(InvalidComponent) as caught:
        load(edit(greeter, "public: true", "public: maybe"))
    assert len(str(caught.value).splitlines()) == 2


def test_words_that_yaml_would_change_stay_words(greeter):
    edit(greeter, "label: Greet, description: Greet somebody.", "label: NO, description: 12:30:00")
    assert load(greeter).actions["greet"].label == "NO"
    assert load(greeter).actions["greet"].description == "12:30:00"


@pytest.mark.parametrize("content", [b"", b"- a", b"text", b"\xff\xfe", b"a: &a [*a, *a]", b"\x00"])
def test_a_file_that_is_no_manifest_is_refused(greeter, content):
    (greeter / "component.yaml").write_bytes(content)
    with pytest.raises(InvalidComponent):
        load(greeter)
