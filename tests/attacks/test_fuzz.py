"""Anything at all, at each place that reads: the answer is a value or the one error of that place, and it comes soon."""

import json
import tracemalloc
from contextlib import suppress
from urllib.parse import urlencode

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from twilio_connector.connector.errors import ConnectorError, InvalidComponent, InvalidInput
from twilio_connector.connector.manifest import MAX_DEPTH, check, read
from twilio_connector.connector.payload import text_of
from twilio_connector.connector.twilio import form, signature
from twilio_connector.connector.twilio.base import Base
from twilio_connector.connector.twilio.signature import Rejection, is_valid, sign, verify, with_body_hash
from twilio_connector.host.definition import model
from twilio_connector.host.definition.cursor import Notes
from twilio_connector.host.definition.expressions import Scope, dig, resolve

# In CI a few hundred examples; `pytest -m soak tests/attacks/test_fuzz.py` looks for much longer.
LONG = settings(max_examples=20_000, deadline=None)

TOKEN = "the-auth-token"
URLS = st.sampled_from(
    [
        "https://x.example/trigger/a",
        "https://x.example:443/a?b=c",
        "http://x.example:80",
        "https://u:p@x.example/'?'=1",
        "",
    ]
) | st.text(max_size=60)
TYPES = st.sampled_from(
    [form.CONTENT_TYPE, "application/json", "", "multipart/form-data", form.CONTENT_TYPE + "; q=\0"]
)
NAMES = st.sampled_from(
    [
        "X-Twilio-Signature",
        "x-twilio-signature",
        "Content-Type",
        "X-Twilio-Webhooks-Signature-Settings",
        b"content-type",
    ]
)
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
HEADERS = st.lists(
    st.tuples(NAMES | st.text(max_size=8), st.text(max_size=40) | st.binary(max_size=40) | ANYTHING), max_size=5
)
TOKENS = ANYTHING | st.text(min_size=1).map(SecretStr) | st.dictionaries(st.text(max_size=8), st.text(max_size=8))
PAIRS = st.lists(st.tuples(st.text(min_size=1, max_size=8), st.text(max_size=12)), max_size=6)
PARTS = {  # what a request is made of, and something else in its place
    "url": lambda url: url + "x",
    "body": lambda body: body + b"&x=1",
    "signature": lambda signature: ("A" if signature[0] != "A" else "B") + signature[1:],
    "token": lambda token: token + "x",
}


def never_raises(tokens, url, body, headers, method):
    assert isinstance(verify(tokens, url, body, headers, method), Rejection | None)
    assert is_valid(tokens, url, body, headers, method) in {True, False}


REQUESTS = (
    TOKENS,
    URLS | ANYTHING,
    st.binary(max_size=200) | ANYTHING,
    HEADERS | ANYTHING,
    st.sampled_from(["GET", "POST"]) | ANYTHING,
)


@given(*REQUESTS)
def test_whatever_is_verified_is_accepted_or_rejected_and_nothing_else(tokens, url, body, headers, method):
    never_raises(tokens, url, body, headers, method)


@pytest.mark.soak
@LONG
@given(*REQUESTS)
def test_whatever_is_verified_for_long(tokens, url, body, headers, method):
    never_raises(tokens, url, body, headers, method)


@given(
    PAIRS, st.sampled_from(sorted(PARTS)), st.sampled_from(["https://x.example/a", "https://x.example:8443/a?b=%20c"])
)
@example([], "body", "https://x.example/a")
def test_what_is_signed_is_valid_until_any_one_thing_of_it_changes(pairs, part, url):
    request = {"url": url, "body": urlencode(pairs).encode(), "token": TOKEN}
    request["signature"] = sign(TOKEN, request["url"], request["body"])

    def holds(given):
        headers = {"X-Twilio-Signature": given["signature"], "Content-Type": form.CONTENT_TYPE}
        return is_valid(given["token"], given["url"], given["body"], headers)

    assert holds(request)
    assert not holds(request | {part: PARTS[part](request[part])})


@given(st.binary(max_size=100), st.binary(max_size=100))
def test_a_hashed_body_is_valid_as_it_is_and_in_no_other_way(body, other):
    url = with_body_hash("https://x.example/a?b=c", body)
    headers = {
        "X-Twilio-Signature": sign(TOKEN, url, content_type="application/json"),
        "Content-Type": "application/json",
    }
    assert is_valid(TOKEN, url, body, headers)
    assume(other != body)
    assert not is_valid(TOKEN, url, other, headers)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_form(body):
    assert all(isinstance(name, str) for name in form.parameters(body))
    assert len(form.pairs(body)) <= body.count(b"&") + 1
    assert isinstance(signature._signed_parameters(body), bytes)


@given(URLS | st.text("htps:/@\\.%2e#?[]{}twilio.com\u3002\u0131 \t\n", max_size=60))
def test_whatever_is_asked_for_goes_to_twilio_or_nowhere(address):
    with suppress(InvalidInput):
        resolved = Base().resolve(address, root="/2010-04-01")
        host = resolved.removeprefix("https://").partition("/")[0].partition("?")[0]
        assert host.endswith(".twilio.com")
        assert not set("@\\#:[]") & set(host)
        assert host.isascii()


def taken(path, data):
    path.write_bytes(data)
    with suppress(InvalidComponent):
        check(read(path))


@given(st.binary(max_size=200) | st.text("{}[]:-&*!|>'\"#%@\\`, \n\tab", max_size=200).map(str.encode))
def test_any_bytes_are_a_component_or_refused_as_one(tmp_path_factory, data):
    taken(tmp_path_factory.getbasetemp() / "component.yaml", data)


@pytest.mark.parametrize(
    "data",
    [b"[" * 100_000, b"- " * 100_000, b"a: " + b"{b: " * 5_000 + b"}" * 5_000, b"a: &a [*a, *a]", b"x" * (2 << 20), b"\0",
     b"a: !!python/object:os.system x", b"\xff\xfe", b"? [a]\n: b", b"a: *b", b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1)],
    ids=["brackets", "dashes", "braces", "itself", "size", "nul", "tag", "utf-16", "key", "alias", "depth"],
)  # fmt: skip
def test_what_is_made_to_exhaust_the_reader_of_components_is_refused(tmp_path, data):
    path = tmp_path / "component.yaml"
    path.write_bytes(data)
    with pytest.raises(InvalidComponent):
        check(read(path))


@given(
    ANYTHING,
    st.lists(st.sampled_from(["__class__", "__init__", "0", "-1", "9" * 5000, "", "a", "keys", "\u0661"]), max_size=4),
)
def test_a_path_follows_keys_and_indexes_only(value, path):
    found = dig({"a": value}, tuple(path))
    assert found is None or isinstance(found, dict | list | str | bytes | int | float)
    assert isinstance(text_of(found), str)


def test_a_template_that_multiplies_what_came_is_cut_off():
    """A thousand holes for a payload of a megabyte: nobody has that much memory."""
    hole = model.Reference(text="", step="trigger", field="results", path=())
    scope = Scope(results={"trigger": "x" * (1 << 20)})
    tracemalloc.start()
    with pytest.raises(InvalidInput, match="more than 4194304 characters"):
        resolve(model.Template(text="", parts=(hole,) * 1_000), scope)
    assert tracemalloc.get_traced_memory()[1] < 32 << 20
    tracemalloc.stop()


def test_what_a_stranger_writes_is_no_template():
    hole = model.Reference(text="", step="trigger", field="results", path=())
    scope = Scope(results={"trigger": "{{$trigger.results}} {0.__class__} %(a)s ${HOME}"})
    assert (
        resolve(model.Template(text="", parts=("<", hole, ">")), scope)
        == "<{{$trigger.results}} {0.__class__} %(a)s ${HOME}>"
    )


@pytest.mark.parametrize("name", ["__class__", "__dict__", "__init__", "get", "keys", "format", "mro"])
@pytest.mark.parametrize("value", ["text", {"a": 1}, [1], 1, SecretStr("hidden"), Scope(), Notes, json])
def test_no_attribute_is_reached_by_a_path(name, value):
    assert dig({"a": value}, ("a", name)) is None


@given(st.text("bcdfgh0123456789", min_size=6, max_size=20))
def test_errors_of_bad_addresses_quote_no_password(secret):
    with pytest.raises(ConnectorError) as raised:
        Base().resolve(f"https://me:{secret}@evil.example/?t={secret}")
    assert secret not in str(raised.value)
