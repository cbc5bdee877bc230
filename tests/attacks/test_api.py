"""Programs and browsers that may do less than they try: over the API, by uploads, and as those who listen to events."""

import asyncio
import io
import json
import zipfile
from contextlib import contextmanager
from stat import S_IFLNK

import pytest
from starlette.requests import Request
from twilio_connector.connector.errors import InvalidInput
from twilio_connector.host.integrations.uploads import folder_of, read
from twilio_connector.host.operating.changes import Wanted
from twilio_connector.host.web.api.table import ROUTES
from twilio_connector.host.web.events import Look, Streams

JSON = {"content-type": "application/json"}


@pytest.fixture(scope="module")
def token(host):
    return host.credentials.create_token("attacker", "write")


@pytest.fixture(scope="module")
def reader(host):
    return host.credentials.create_token("reader", "read")


@pytest.fixture
def bearer(token):
    return {"authorization": f"Bearer {token}"} | JSON


def addresses():
    """Each route of the API, with something in the place of each of its values."""
    return [(route.method, "/api" + route.path.replace(":path}", "}").format_map(Anything())) for route in ROUTES]


class Anything(dict):
    def __missing__(self, key):
        return "x"


def test_a_token_is_taken_from_one_place_only(stranger, token, access):
    """Not from the address, which stands in logs; not from a cookie, which a browser sends for any site."""
    for request in (
        {"params": {"token": token, "access_token": token, "authorization": f"Bearer {token}"}},
        {"headers": {"cookie": f"authorization=Bearer {token}; {access.cookie}={token}"}},
        {"headers": {"x-api-key": token, "api-key": token, "proxy-authorization": f"Bearer {token}"}},
        {"headers": {"authorization": token}},
        {"headers": {"authorization": f"Basic {token}"}},
        {"headers": {"authorization": f"Bearer {token[:-1]}"}},
        {"headers": {"authorization": f"Bearer {token} x"}},
        {"headers": {"authorization": f"Bearer {token.upper()}"}},
    ):
        assert stranger.get("/api/customers", **request).status_code in {401, 422, 429}
    stranger.cookies.clear()
    assert stranger.get("/api/customers", headers={"authorization": f"Bearer {token}"}).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site", "content-type": "text/plain"},
        {"sec-fetch-site": "same-origin", "host": "evil.example"},
        {},
    ],
    ids=str,
)
def test_no_other_site_uses_the_api_with_the_session_of_who_is_signed_in(stranger, access, host, headers):
    stranger.cookies.set(access.cookie, access.redeem(access.new_token()))
    before = len(host.changes.find(Wanted())[0])
    for method, address in addresses():
        if method != "GET":
            assert stranger.request(method, address, headers=JSON | headers, content="{}").status_code == 401, address
    assert len(host.changes.find(Wanted())[0]) == before
    stranger.cookies.clear()


def test_a_token_that_may_read_changes_nothing_at_any_address(stranger, reader, host):
    before = len(host.changes.find(Wanted())[0])
    for method, address in addresses():
        if method != "GET":
            answer = stranger.request(
                method, address, headers=JSON | {"authorization": f"Bearer {reader}"}, content="{}"
            )
            assert answer.status_code == 403, address
    for override in ("x-http-method-override", "x-method-override", "x-http-method"):
        headers = {"authorization": f"Bearer {reader}", override: "DELETE"}
        assert stranger.post("/api/connections", headers=JSON | headers, content="{}").status_code == 403
    assert len(host.changes.find(Wanted())[0]) == before


@pytest.mark.parametrize("depth", [101, 250, 600, 960, 20_000])
def test_json_that_nests_without_measure_is_the_callers_fault(stranger, bearer, depth):
    nested = '{"a":' * depth + "1" + "}" * depth
    bodies = {
        "/api/components/twilio/actions/rawRequest": f'{{"inputs": {{"url": "/x", "method": "GET", "data": {nested}}}}}',
        "/api/connections": f'{{"name": "x", "component": "twilio", "key": "basic", "fields": {nested}}}',
        "/api/integrations": f'{{"files": {{"a.yaml": {nested}}}}}',
    }
    for address, body in bodies.items():
        answer = stranger.post(address, headers=bearer | {"idempotency-key": f"{depth}"}, content=body)
        assert 400 <= answer.status_code < 424, (address, answer.text)


@pytest.mark.parametrize(
    "body", [b"\xff\xfe", b"[" * 70_000, b'{"name": "' + b"x" * 70_000 + b'"}', b'{"a":1,"a":2}', b"NaN", b'"\\ud800"']
)
def test_a_body_of_anything_is_the_callers_fault(stranger, bearer, body):
    for address in ("/api/connections", "/api/customers", "/api/integrations"):
        assert 400 <= stranger.post(address, headers=bearer, content=body).status_code < 424


def test_nothing_of_the_api_is_told_to_whoever_has_no_token(stranger):
    told = {stranger.request(method, address).status_code for method, address in addresses()}
    assert told <= {401, 429}


def zipped(*entries, mode=0):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in entries:
            entry = zipfile.ZipInfo("x")
            entry.filename, entry.external_attr = name, mode << 16
            archive.writestr(entry, content)
    return packed.getvalue()


@contextmanager
def laid_out(name, data, folder):
    """As the pages do it."""
    files = read(name, data, 1 << 20, "upload")
    with folder_of(files, "", 1 << 20, field="upload", chosen_by="upload", within=folder) as path:
        yield path


GOOD = ("integration.yaml", "definitionVersion: 7\nname: x\nflows: []\n")
OUT = [
    "../x.py",
    "/tmp/x.py",
    "a/../../x.py",
    "..\\x.py",
    "C:x.py",
    "a//../../x.py",
    "x.py/../../y",
    ".",
    "..",
    "./",
    "a/./../..",
    "",
    "a\0b.py",
    "~/x.py/..",
]


@pytest.mark.parametrize("name", OUT, ids=ascii)
def test_no_upload_writes_outside_of_its_folder(tmp_path, stranger, bearer, name):
    folder = tmp_path / "inner" / "folder"
    folder.mkdir(parents=True)
    packed = zipped(GOOD, (name, "import os"))
    try:
        with laid_out("x.zip", packed, folder):
            assert all(path.is_relative_to(folder) for path in tmp_path.rglob("*") if path.is_file())
    except InvalidInput:
        pass
    assert [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_relative_to(folder)] == []
    answer = stranger.post("/api/integrations", content=packed, headers=bearer | {"content-type": "application/zip"})
    assert answer.status_code == 422, answer.text


def test_a_link_in_an_upload_is_not_followed(tmp_path, stranger, bearer):
    packed = zipped(GOOD, ("secret.py", "/etc/passwd"), mode=S_IFLNK | 0o777)
    with pytest.raises(InvalidInput), laid_out("x.zip", packed, tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []
    answer = stranger.post("/api/integrations", content=packed, headers=bearer | {"content-type": "application/zip"})
    assert answer.status_code == 422


@pytest.mark.parametrize(
    "name",
    ["../../x.yaml", "a" * 5_000 + ".yaml", "..yaml", ".yaml", "a/b\\..\\c.yaml", "\0.yaml", "\ud800.yaml", "x.yaml\n"],
    ids=lambda n: ascii(n[:20]),
)
def test_the_name_of_an_upload_is_only_a_name(tmp_path, name):
    folder = tmp_path / "folder"
    folder.mkdir()
    try:
        with laid_out(name, GOOD[1].encode(), folder) as path:
            assert path.parent.parent == folder
            assert path.is_file()
    except InvalidInput:
        pass


def test_a_zip_of_small_files_that_are_many_or_grow_is_put_down(tmp_path):
    many = zipped(GOOD, *((f"m{number}.py", "") for number in range(1_200)))
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("integration.yaml", b"\0" * (64 << 20))
    for packed in (many, bomb.getvalue()):
        with pytest.raises(InvalidInput), laid_out("x.zip", packed, tmp_path):
            pass


def test_events_are_for_those_who_are_signed_in(stranger, access, paths):
    for address in ("/events/executions", "/events/executions/x"):
        assert stranger.get(address).status_code in {401, 303}
        assert stranger.get(address, headers={"cookie": f"{access.cookie}=x"}).status_code in {401, 303}


def test_who_is_signed_out_hears_nothing_more():
    heard, allowed = [], [True, True, False]

    async def listen():
        streams = Streams(every=0.001)
        numbers = iter(range(100))
        request = Request({"type": "http", "headers": [], "query_string": b""})
        answer = streams.of(request, "", lambda: Look({"n": next(numbers)}), lambda: allowed.pop(0))
        heard.extend([part async for part in answer.body_iterator])

    asyncio.run(asyncio.wait_for(listen(), 10))
    assert heard[-1].startswith("event: end")
    assert sum("change" in part for part in heard) <= 2


def test_an_answer_of_the_api_is_no_page(stranger, bearer):
    written = "<script>alert(1)</script>"
    body = json.dumps({"externalId": "z", "name": written})
    for answer in (
        stranger.post("/api/customers", headers=bearer, content=body),
        stranger.get(f"/api/{written.replace('/', '')}", headers=bearer),
        stranger.get("/api/customers", headers=bearer),
    ):
        assert "json" in answer.headers["content-type"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "sandbox" in answer.headers["content-security-policy"]
