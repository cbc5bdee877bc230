import json
from pathlib import Path
from urllib.parse import urlencode

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import SecretStr
from twilio_connector.connector.twilio import form, signature
from twilio_connector.connector.twilio.signature import Keys, is_valid, sign, verify, with_body_hash

VECTORS = json.loads(Path(__file__).with_name("signature_vectors.json").read_text(encoding="utf-8"))
FORM = "application/x-www-form-urlencoded"
URL = "https://hooks.example.com/trigger/abc?flow=1"
TOKEN = "1f0e1d2c3b4a59687766554433221100"
BODY = b"AccountSid=AC123&Body=Hi+there%21&From=%2B15551234567&MediaUrl0=&To=%2B15557654321"


def signed(body=BODY, url=URL, token=TOKEN, content_type=FORM):
    return {"X-Twilio-Signature": sign(token, url, body, content_type), "Content-Type": content_type}


def signed_json(body=b'{"a": 1}', url=URL):
    address = with_body_hash(url, body)
    return address, body, signed(body, address, content_type="application/json")


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['id']} {v['note']}")
def test_each_vector_of_the_sdks_comes_out_as_expected(vector):
    body = vector["body"] if "body" in vector else urlencode(vector.get("params", {}), doseq=True)
    headers = {"Content-Type": vector["content_type"]}
    if "signature" in vector:
        headers["X-Twilio-Signature"] = vector["signature"]
    found = is_valid(vector["auth_token"], vector["url"], body.encode(), headers)
    assert found is vector["expected_valid"]


def test_the_vectors_are_all_there():
    assert len(VECTORS) == 108


@given(
    token=st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip),
    parameters=st.lists(
        st.tuples(st.text(st.characters(codec="utf-8"), min_size=1), st.text(st.characters(codec="utf-8")))
    ),
    path=st.text("abcXYZ09/_-.~'", max_size=20),
)
def test_what_is_signed_is_valid_and_any_other_value_is_not(token, parameters, path):
    url, body = f"https://example.com/{path}", urlencode(parameters).encode()
    headers = signed(body, url, token)
    assert is_valid(token, url, body, headers)
    assert not is_valid(token + "x", url, body, headers)
    assert not is_valid(token, url, body + b"&Added=1", headers)
    assert not is_valid(token, url + "x", body, headers)


ANYTHING = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.just(object()), st.just(URL),
    st.lists(st.one_of(st.text(), st.binary(), st.none(), st.tuples(st.text(), st.text()), st.integers())),
    st.dictionaries(st.one_of(st.text(), st.integers()), st.one_of(st.text(), st.none(), st.lists(st.text()))),
    st.sampled_from([{"X-Twilio-Signature": "x"}, [("x-twilio-signature", b"x")], {"X-Twilio-Signature": None}]),
)  # fmt: skip


@given(ANYTHING, ANYTHING, ANYTHING, ANYTHING, ANYTHING)
@example("t", "\ud800", b"", {"X-Twilio-Signature": "\udfff"}, "POST")
@example("\ud800", URL, "\ud800", {"X-Twilio-Signature": "é"}, "POST")
@example("t", "://@:?#'", b"&=&%&%zz", {"X-Twilio-Signature": "x", "Content-Type": FORM}, "POST")
def test_never_raises_and_never_accepts_whatever_it_is_given(tokens, url, body, headers, method):
    assert is_valid(tokens, url, body, headers, method) is False


class Broken:
    def __getattr__(self, name):
        raise RuntimeError(name)


def test_an_object_that_fails_when_looked_at_is_not_valid():
    headers = signed()
    assert is_valid(Broken(), URL, BODY, headers) is False
    assert is_valid(TOKEN, URL, BODY, Broken()) is False


@pytest.mark.parametrize(
    "token", ["", " ", None, [], {}, [""], [None], SecretStr(""), b"", {"webhooks_sharedkey_a": ""}]
)
def test_without_a_token_everything_is_refused(token):
    rejection = verify(token, URL, BODY, signed(token="") | {"Content-Type": FORM})
    assert rejection.part == "token"


@pytest.mark.parametrize("value", [None, "", b""])
def test_without_a_signature_everything_is_refused(value):
    headers = {"Content-Type": FORM} | ({} if value is None else {"X-Twilio-Signature": value})
    assert verify(TOKEN, URL, BODY, headers).part == "signature"


@pytest.mark.parametrize(
    "given_tokens",
    [
        TOKEN,
        TOKEN.encode(),
        SecretStr(TOKEN),
        ["old", TOKEN],
        (SecretStr("old"), SecretStr(TOKEN)),
        {TOKEN},
        iter([TOKEN]),
        Keys.of(TOKEN),
        Keys.of(["old", SecretStr(TOKEN)]),
    ],
)
def test_tokens_come_as_one_or_as_several_plain_or_secret(given_tokens):
    assert is_valid(given_tokens, URL, BODY, signed())


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda h: {k.lower(): v for k, v in h.items()},
        lambda h: {k.upper(): v for k, v in h.items()},
        lambda h: list(h.items()),
        lambda h: [(k.lower().encode(), v.encode()) for k, v in h.items()],
        lambda h: {k: [v] for k, v in h.items()},
        lambda h: h | {"Content-Type": "Application/X-WWW-Form-Urlencoded; charset=UTF-8"},
    ],
)
def test_headers_come_as_a_mapping_or_pairs_in_any_case_as_text_or_bytes(rewrite):
    assert is_valid(TOKEN, URL, BODY, rewrite(signed()))


@pytest.mark.parametrize("name", ["X-Twilio-Signature", "content-type", "X-Twilio-Webhooks-Signature-Settings"])
def test_a_header_that_is_there_twice_is_ambiguous_and_refused(name):
    headers = [*signed().items(), ("X-Twilio-Webhooks-Signature-Settings", "algorithm=HMAC_SHA1")]
    assert is_valid(TOKEN, URL, BODY, headers)
    again = next(pair for pair in headers if pair[0].lower() == name.lower())
    assert verify(TOKEN, URL, BODY, [*headers, again]).part == "headers"


@pytest.mark.parametrize(
    "body",
    [b"a=&b=1", b"a=1&a=1&a=0", b"b=2&a=1", b"a=1+2%2B3", b"a=%ff%fe&b=\xff", b"a&b", b"a=1;b=2", b"=x", b"a==b", b""],
)
def test_blank_repeated_and_undecodable_parameters_are_signed_as_they_are(body):
    assert is_valid(TOKEN, URL, body, signed(body))
    assert not is_valid(TOKEN, URL, body + b"&c=", signed(body))


def test_a_get_is_signed_by_its_url_alone_and_has_no_body():
    headers = {"X-Twilio-Signature": sign(TOKEN, URL)}
    assert is_valid(TOKEN, URL, b"", headers, "GET")
    assert verify(TOKEN, URL, b"a=1", headers, "GET").part == "body"
    assert not is_valid(TOKEN, URL + "&x=1", b"", headers, "GET")


def test_a_body_that_is_no_form_is_signed_by_its_hash():
    url, body, headers = signed_json()
    assert is_valid(TOKEN, url, body, headers)
    assert verify(TOKEN, url, body + b" ", headers).part == "body"
    assert verify(TOKEN, URL, body, signed(body, URL, content_type="application/json")).part == "body"


def test_the_body_hash_must_be_there_once_and_in_lower_case():
    url, body, _ = signed_json()
    for changed in (
        url + url[url.index("&body") :],
        url.upper().replace("BODYSHA256", "bodySHA256"),
        url[:-1],
        url + "0",
    ):
        assert not is_valid(TOKEN, changed, body, signed(body, changed, content_type="application/json"))


def test_a_wrong_body_hash_is_refused_for_a_form_too():
    url = URL + "&bodySHA256=" + "0" * 64
    assert verify(TOKEN, url, BODY, signed(BODY, url)).part == "body"


def test_a_form_cannot_pass_as_json_nor_json_as_a_form():
    assert not is_valid(TOKEN, URL, BODY, signed() | {"Content-Type": "application/json"})
    url, body, headers = signed_json()
    assert not is_valid(TOKEN, url, body, headers | {"Content-Type": FORM})


PIECES = st.sampled_from(
    [b"a", b"b", b"A", b"41", b"=", b"&", b"+", b"%", b"%41", b"%00", b"%0", b"\0", b"%26", b"%3D", b"\xff", b"%FF"]
)


@given(st.lists(PIECES, max_size=12).map(b"".join))
@example(b"a=%&41=x")
@example(b"a=1&a=0&%61=2")
def test_the_short_way_to_what_is_signed_gives_what_the_long_way_gives(body):
    plain = b"".join([name + value for name, value in sorted(set(form.pairs(body)))])
    assert signature._signed_parameters(body) == plain


SECRET = "s3cret"
SHARED = {"webhooks_sharedkey_1": SECRET}


def with_shared_key(key="webhooks_sharedkey_1", algorithm="HMAC_SHA256", secret=SECRET):
    return {
        "X-Twilio-Signature": sign(secret, URL, BODY, algorithm="HMAC_SHA256"),
        "X-Twilio-Webhooks-Signature-Settings": f"key={key},algorithm={algorithm}",
        "Content-Type": FORM,
    }


def test_a_shared_key_signs_with_the_algorithm_that_the_header_names():
    assert is_valid(SHARED, URL, BODY, with_shared_key())
    assert is_valid([TOKEN, SHARED], URL, BODY, with_shared_key())
    assert is_valid("s3cret", URL, BODY, with_shared_key())
    assert not is_valid(SHARED, URL, BODY, with_shared_key(algorithm="HMAC_SHA1"))
    assert not is_valid({"webhooks_sharedkey_1": "other"}, URL, BODY, with_shared_key())


def test_a_shared_key_or_algorithm_that_is_unknown_is_refused():
    assert verify(SHARED, URL, BODY, with_shared_key(key="webhooks_sharedkey_2")).part == "token"
    assert verify(SHARED, URL, BODY, with_shared_key(algorithm="NONE")).part == "headers"
    assert verify(SHARED, URL, BODY, signed(token="s3cret")).part == "token"


@pytest.mark.parametrize("ready", [lambda given: given, Keys.of])
@pytest.mark.parametrize("settings", [{}, {"X-Twilio-Webhooks-Signature-Settings": "key=other"}])
def test_a_token_beside_a_shared_key_verifies_what_no_key_is_named_for(ready, settings):
    both = ready([TOKEN, SHARED])
    assert is_valid(both, URL, BODY, signed() | settings)
    assert is_valid(both, URL, BODY, with_shared_key())
    assert not is_valid(both, URL, BODY, signed(token="s3cret") | settings)


@pytest.mark.parametrize("host", ["[::1]", "[::1]:8080", "example.com:8443", "example.com"])
def test_a_port_may_be_signed_or_not(host):
    url = f"https://{host}/x?y=1"
    bare = f"https://{'[::1]' if '[' in host else 'example.com'}/x?y=1"
    assert is_valid(TOKEN, url, BODY, signed(url=url))
    assert is_valid(TOKEN, url, BODY, signed(url=bare))


def test_credentials_and_connection_overrides_in_the_url_are_not_signed():
    signature = signed(url="https://example.com/x")
    assert is_valid(TOKEN, "https://user:p@ss@example.com/x#rc=2&rp=all", BODY, signature)


def test_a_rejection_says_what_was_tried_without_the_urls_credentials():
    rejection = verify("wrong", "https://user:pa55@example.com/x", BODY, signed())
    assert "https://example.com/x" in rejection.tried
    assert "pa55" not in str(rejection)
    assert TOKEN not in str(rejection)
    assert "wrong" not in str(rejection)


@pytest.mark.parametrize("called", ["http://example.com/x", "https://example.com/x/", "http://example.com/x/"])
def test_a_public_url_that_is_configured_wrongly_is_recognised(called):
    rejection = verify(TOKEN, "https://example.com/x", BODY, signed(url=called))
    assert f"Twilio called {called};" in rejection.reason


def test_the_official_sdk_agrees_about_what_we_sign():
    validator = pytest.importorskip("twilio.request_validator").RequestValidator(TOKEN)
    assert validator.validate(URL, {"a": "1", "b": "é &"}, sign(TOKEN, URL, urlencode({"b": "é &", "a": "1"}).encode()))
    assert validator.validate(URL, {"a": "1"}, sign(TOKEN, URL, b"a=1", algorithm="HMAC_SHA256"), "HMAC_SHA256")
