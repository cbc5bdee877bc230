"""Whoever is not Twilio, and wants a flow to run: forged, changed, replayed, and sent as something else."""

import json
from hashlib import sha256
from urllib.parse import urlencode

import pytest

from .conftest import ACCOUNT, FORM, OTHER, OTHERS_TOKEN, PUBLIC, signature, signed, text

HASH = "bodySHA256"


def change(request, **headers):
    return request | {"headers": request["headers"] | headers}


def resigned(request, signature):
    return change(request, **{"x-twilio-signature": signature})


def unsigned(request, path, **headers):
    """The body with the signature of the address alone."""
    return {"content": request["content"], "headers": headers | {"x-twilio-signature": signature(PUBLIC + path)}}


def settings(request, said):
    return change(request, **{"x-twilio-webhooks-signature-settings": said})


def test_what_twilio_signs_gets_in(stranger, paths, accepted):
    for path in (paths["Texts"], paths["Signed"] + "?a=1", paths["Signed"] + "/more%20/x"):
        assert stranger.post(path, **signed(path)).status_code == 200
    assert len(accepted()) == 3


FORGED = {
    "no signature": lambda r, p: r | {"headers": {"content-type": FORM}},
    "an empty signature": lambda r, p: resigned(r, ""),
    "no token's signature": lambda r, p: resigned(r, signature(PUBLIC + p, r["content"], token="")),
    "another's token": lambda r, p: signed(p, token=OTHERS_TOKEN),
    "another's account": lambda r, p: signed(p, text(AccountSid=OTHER)),
    "the account twice": lambda r, p: signed(p, [*text().items(), ("AccountSid", OTHER)]),
    "another sender": lambda r, p: r | {"content": r["content"].replace("5558675309", "5550000000")},
    "one more parameter": lambda r, p: r | {"content": r["content"] + "&Z=1"},
    "one parameter less": lambda r, p: r | {"content": r["content"].replace("&NumMedia=0", "")},
    "a value in another case": lambda r, p: r | {"content": r["content"].replace("Hello", "hello")},
    "another host's address": lambda r, p: resigned(r, signature("https://evil.example" + p, r["content"])),
    "another flow's address": lambda r, p: resigned(r, signature(PUBLIC + p + "x", r["content"])),
    "the plain body's hash": lambda r, p: resigned(r, sha256(r["content"].encode()).hexdigest()),
    "JSON that nothing signs": lambda r, p: unsigned(
        {"content": json.dumps(text())}, p, **{"content-type": "application/json"}
    ),
    "a type that is no form": lambda r, p: change(r, **{"content-type": "text/plain"}),
    "no type, the body unsigned": unsigned,
    "a form in parts": lambda r, p: change(r, **{"content-type": "multipart/form-data; boundary=x"}),
    "an algorithm of its own": lambda r, p: settings(r, "algorithm=none"),
    "a key that nobody has": lambda r, p: settings(signed(p, token="x"), "key=x,algorithm=HMAC_SHA256"),
    "a signature of lists": lambda r, p: resigned(r, r["headers"]["x-twilio-signature"] + ", x"),
    "a signature without its end": lambda r, p: resigned(r, r["headers"]["x-twilio-signature"][:-1]),
    "a huge signature": lambda r, p: resigned(r, "A" * 50_000),
    "bytes that are no text": lambda r, p: resigned(r, b"\xff\xfe\xfd"),
}


@pytest.mark.parametrize("attack", FORGED)
@pytest.mark.parametrize("flow", ["Texts", "Signed"])
def test_what_is_not_as_twilio_made_it_reaches_no_flow(stranger, paths, accepted, flow, attack):
    path = paths[flow]
    answer = stranger.post(path, **FORGED[attack](signed(path), path))
    assert answer.status_code == 403, answer.text
    assert answer.json() == {"error": "the request could not be verified"}
    assert accepted() == []


def test_a_signature_that_is_there_twice_is_refused(stranger, paths, accepted):
    request = signed(paths["Texts"])
    right = request["headers"]["x-twilio-signature"]
    for pair in ((right, right), (right, "x"), ("x", right)):
        headers = [("content-type", FORM), *(("x-twilio-signature", each) for each in pair)]
        assert stranger.post(paths["Texts"], content=request["content"], headers=headers).status_code == 403
    assert accepted() == []


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_a_form_sent_by_another_method_is_no_other_event(stranger, paths, accepted, method):
    request = signed(paths["Texts"])
    stranger.post(paths["Texts"], **request)
    assert stranger.request(method, paths["Texts"], **request).status_code in {200, 403}
    assert len(accepted()) == 1


def test_a_body_beside_a_signed_query_says_nothing(stranger, paths, accepted):
    """A GET is signed by its address alone: with a body, unsigned, it is refused."""
    said = text()
    path = f"{paths['Texts']}?{urlencode(said)}"
    headers = {"x-twilio-signature": signature(PUBLIC + path), "content-type": FORM}
    evil = urlencode(said | {"From": "+1666"})
    assert stranger.request("GET", path, content=evil, headers=headers).status_code == 403
    assert stranger.post(path, content=evil, headers=headers).status_code == 403
    assert stranger.post(path, headers=headers).status_code == 403  # the address of a POST says no parameters
    assert accepted() == []
    assert stranger.get(path, headers=headers).status_code == 200


def test_a_hash_of_the_body_is_worth_what_the_signature_is(stranger, paths, accepted):
    def send(signed_body, sent, *more, content_type="application/json"):
        path = f"{paths['Signed']}?{HASH}={sha256(signed_body).hexdigest()}" + "".join(more)
        headers = {"content-type": content_type, "x-twilio-signature": signature(PUBLIC + path)}
        return stranger.post(path, content=sent, headers=headers).status_code

    good = json.dumps({"AccountSid": ACCOUNT, "a": 1}).encode()
    evil = good.replace(b"1", b"2")
    assert send(good, evil) == 403
    assert send(good, good + b" ") == 403
    assert send(good, b"") == 403
    assert send(good, evil, f"&{HASH}={sha256(evil).hexdigest()}") == 403
    assert send(good, evil, content_type=FORM) == 403
    assert accepted() == []
    assert send(good, good) == 200


def test_parameters_that_are_cut_anew_name_no_other_sender(stranger, paths, accepted):
    """``A=1&B=2`` and ``A=1B2`` are signed alike; whoever has seen one request must not make another of it."""
    path = paths["Texts"]
    said = text(Body="xFrom+1666")
    request = signed(path, said)
    body = urlencode({k: v for k, v in said.items() if k != "Body"} | {"Body": "x"}) + "&From=%2B1666"
    recut = [
        ("AccountSid", ACCOUNT + "Bodyx"),
        *((k, v) for k, v in said.items() if k not in {"AccountSid", "Body"}),
        ("From", "+1666"),
    ]
    for attempt in (body, urlencode(recut)):
        stranger.post(path, content=attempt, headers=request["headers"])
    assert not any("1666" in payload and '"body":"x"' in payload for payload in accepted())


def test_parameters_do_not_become_part_of_the_address(stranger, paths, accepted):
    """The signed text has no mark between address and parameters: sent as a longer address, they name nothing."""
    path = paths["Texts"]
    said = text()
    request = signed(path, said)
    joined = "".join(name + value for name, value in sorted(said.items()))
    for longer in (path + "/" + joined, path + joined, path + "?" + joined):
        headers = {"x-twilio-signature": request["headers"]["x-twilio-signature"]}
        assert stranger.get(longer.replace(" ", "%20"), headers=headers).status_code in {403, 404}
        assert stranger.post(longer.replace(" ", "%20"), headers=headers).status_code in {403, 404}
    assert accepted() == []


REPLAYS = {
    "as it was": lambda r, p: r,
    "with a new token": lambda r, p: change(r, **{"i-twilio-idempotency-token": "another"}),
    "in another order": lambda r, p: r | {"content": "&".join(reversed(r["content"].split("&")))},
    "with a value twice": lambda r, p: r | {"content": r["content"] + "&NumMedia=0"},
    "written otherwise": lambda r, p: r | {"content": r["content"].replace("Body", "%42ody").replace("+", "%20")},
    "with other headers": lambda r, p: change(r, **{"user-agent": "x", "x-forwarded-for": "1.2.3.4"}),
}


def test_a_text_of_no_account_is_refused(stranger, paths, accepted):
    said = {name: value for name, value in text().items() if name != "AccountSid"}
    assert stranger.post(paths["Texts"], **signed(paths["Texts"], said)).status_code == 403
    assert accepted() == []


@pytest.mark.parametrize("replay", REPLAYS)
def test_what_was_heard_once_is_not_heard_again(stranger, paths, accepted, replay):
    path = paths["Texts"]
    request = change(signed(path), **{"i-twilio-idempotency-token": f"first {replay}"})
    first = stranger.post(path, **request)
    again = stranger.post(path, **REPLAYS[replay](request, path))
    assert first.headers["x-execution-id"] == again.headers["x-execution-id"]
    assert len(accepted()) == 1


def test_what_was_signed_for_one_flow_is_refused_by_another(stranger, paths, accepted):
    assert stranger.post(paths["Signed"], **signed(paths["Texts"])).status_code == 403
    assert stranger.post(paths["Texts"], **signed(paths["Signed"])).status_code == 403
    assert accepted() == []


FORWARDED = [
    {"host": "evil.example"},
    {"x-forwarded-host": "evil.example", "x-forwarded-proto": "https", "x-forwarded-port": "443"},
    {"forwarded": 'for=1.2.3.4;host="evil.example";proto=https'},
    {"x-original-url": "/trigger/other", "x-rewrite-url": "/trigger/other"},
    {"x-http-method-override": "GET"},
    {"x-forwarded-prefix": "/evil"},
]


@pytest.mark.parametrize("headers", FORWARDED, ids=lambda headers: next(iter(headers)))
def test_the_address_that_was_signed_is_not_the_senders_to_say(stranger, paths, accepted, headers):
    path = paths["Texts"]
    forged = signed(path)
    forged["headers"]["x-twilio-signature"] = signature("https://evil.example" + path, forged["content"])
    assert stranger.post(path, **change(forged, **headers)).status_code == 403
    assert accepted() == []
    assert stranger.post(path, **change(signed(path), **headers)).status_code == 200


@pytest.mark.parametrize("brackets", ["[]", '{"a":}'], ids=["lists", "objects"])
@pytest.mark.parametrize("depth", [90, 101, 480, 700, 960, 5_000, 10_000])
def test_json_that_nests_without_measure_is_refused_before_it_is_taken(stranger, paths, accepted, depth, brackets):
    begin, end = brackets[:-1], brackets[-1]
    body = begin * depth + ("1" if end == "}" else "") + end * depth
    answer = stranger.post(paths["Open"], content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, len(accepted())) == ((200, 1) if depth == 90 else (400, 0))


def test_a_form_of_a_hundred_thousand_parameters_is_read_in_no_time(stranger, paths, accepted):
    body = "&".join(["a=1"] * 16_000)
    headers = {"content-type": FORM, "x-twilio-signature": signature(PUBLIC + paths["Signed"], "a=1")}
    assert stranger.post(paths["Signed"], content=body, headers=headers).status_code == 200
    assert len(accepted()) == 1
