import pytest
from twilio_connector.connector.errors import ConnectionFailed, InvalidInput
from twilio_connector.connector.twilio.base import Base, is_loopback

LOCAL = Base(template="http://127.0.0.1:4010/{product}")
ROOT = "/2010-04-01"


@pytest.mark.parametrize(
    ("base", "expected"),
    [
        (Base(), "https://api.twilio.com"),
        (Base(region="ie1"), "https://api.dublin.ie1.twilio.com"),
        (Base(region="au1"), "https://api.sydney.au1.twilio.com"),
        (Base(region="jp1"), "https://api.tokyo.jp1.twilio.com"),
        (Base(region="us1"), "https://api.ashburn.us1.twilio.com"),
        (Base(region="ie1", edge="ashburn"), "https://api.ashburn.ie1.twilio.com"),
        (Base(edge="singapore"), "https://api.singapore.us1.twilio.com"),
        (Base(region="xx1", edge="nowhere"), "https://api.nowhere.xx1.twilio.com"),
        (LOCAL, "http://127.0.0.1:4010/api"),
    ],
)
def test_each_region_and_edge_has_its_host(base, expected):
    assert base.of("api") == expected


def test_a_region_whose_edge_is_unknown_is_refused_with_the_mend():
    with pytest.raises(ConnectionFailed, match="edge: region xx1 needs its edge") as raised:
        Base(region="xx1")
    assert raised.value.field == "edge"


@pytest.mark.parametrize(
    "template",
    [
        "",
        "twilio.com",
        "ftp://x",
        "https://",
        "https://a@b/{product}",
        "https://x/?y",
        "https://x/",
        "https://x y",
        "https://x:0",
        "https://x:port",
        "https://[",
        "http://example.com/{product}",
        "http://10.0.0.1",
        "https://x/#a",
        "https://x\\y",
    ],
)
def test_a_base_that_is_no_plain_url_or_sends_credentials_in_the_clear_is_refused(template):
    with pytest.raises(ConnectionFailed) as raised:
        Base(template=template)
    assert raised.value.field == "baseUrl"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/Accounts/AC1/Messages.json", "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json"),
        ("Accounts/AC1.json?x=1", "https://api.twilio.com/2010-04-01/Accounts/AC1.json?x=1"),
        ("/2010-04-01/Accounts.json", "https://api.twilio.com/2010-04-01/Accounts.json"),
        ("https://messaging.twilio.com/v1/Services", "https://messaging.twilio.com/v1/Services"),
        ("HTTPS://Messaging.Twilio.COM/v1/S", "https://messaging.twilio.com/v1/S"),
        ("https://api.twilio.com:443/x", "https://api.twilio.com/x"),
        ("https://api.twilio.com", "https://api.twilio.com"),
        ("https://api.twilio.com?x=1", "https://api.twilio.com?x=1"),
        ("https://flex-api.twilio.com/v1/x", "https://flex-api.twilio.com/v1/x"),
        ("https://api.dublin.ie1.twilio.com/x", "https://api.dublin.ie1.twilio.com/x"),
        ("https://lookups.twilio.com/v2/PhoneNumbers/+1555?Fields=a@b", "https://lookups.twilio.com/v2/PhoneNumbers/+1555?Fields=a@b"),
    ],
)  # fmt: skip
def test_paths_and_twilios_urls_are_resolved(address, expected):
    assert Base().resolve(address, root=ROOT) == expected


def test_twilios_urls_are_taken_to_the_region_and_to_a_local_twilio():
    assert (
        Base(region="ie1").resolve("https://studio.twilio.com/v2/Flows")
        == "https://studio.dublin.ie1.twilio.com/v2/Flows"
    )
    assert LOCAL.resolve("https://studio.twilio.com/v2/Flows") == "http://127.0.0.1:4010/studio/v2/Flows"
    assert LOCAL.resolve("http://127.0.0.1:4010/studio/v2/Flows?a=1") == "http://127.0.0.1:4010/studio/v2/Flows?a=1"
    assert LOCAL.resolve("/x", root=ROOT) == "http://127.0.0.1:4010/api/2010-04-01/x"


ATTACKS = [
    "https://api.twilio.com@evil.example/x",
    "https://user:pass@api.twilio.com/x",
    "https://api.twilio.com.evil.example/x",
    "https://evil.example/api.twilio.com",
    "https://eviltwilio.com/x",
    "https://twilio.com/x",
    "https://api.twilio.com\\@evil.example/x",
    "https://api.twilio.com\\.evil.example/x",
    "https://evil.example\\.twilio.com/x",
    "https://api.twilio.com:8443/x",
    "https://api.twilio.com:443@evil.example/",
    "https://evil.example#.twilio.com/x",
    "https://evil.example?.twilio.com/x",
    "https://evil.example/.twilio.com/x",
    "https://\u0430pi.twilio.com/x",
    "https://api\u3002twilio.com/x",
    "https://xn--pi-6kc.evil.example/x",
    "https://a.b.c.d.twilio.com/x",
    "https://.twilio.com/x",
    "http://api.twilio.com/x",
    "ftp://api.twilio.com/x",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "http:evil.example",
    "https:evil.example",
    "//evil.example/x",
    "///evil.example/x",
    "/\\evil.example",
    "\\\\evil.example",
    "https://api.twilio.com\t.evil.example/x",
    "https://api.twilio.com\n.evil.example/x",
    "https://api.twilio.com/x\r\nHost: evil.example",
    "https://api.twilio.com\u0000.evil.example/x",
    "/a b",
    "/a\u0085b",
    "/../x",
    "/Accounts/../../x",
    "/Accounts/%2e%2e/x",
    "/Accounts/%252e%252e/x",
    "/Accounts/./x",
    "https://api.twilio.com/../x",
    "https://api.twilio.com//evil.example",
    "/x#y",
    "http://127.0.0.1/x",
    "https://[::1]/x",
    "https://169.254.169.254/latest/meta-data",
]


@pytest.mark.parametrize("address", ATTACKS)
@pytest.mark.parametrize("base", [Base(), Base(region="ie1"), LOCAL], ids=["twilio", "region", "local"])
def test_credentials_go_to_no_other_host(base, address):
    with pytest.raises(InvalidInput) as raised:
        base.resolve(address, root=ROOT)
    assert raised.value.field == "url"
    assert "pass" not in str(raised.value)


@pytest.mark.parametrize("address", ["http://127.0.0.1:4011/api/x", "http://127.0.0.1:4010.evil.example/api", "http://127.0.0.1:4010/api@evil"])  # fmt: skip  # noqa: E501
def test_a_local_base_is_matched_whole(address):
    with pytest.raises(InvalidInput):
        LOCAL.resolve(address)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("api.localhost", True),
        ("localhost.evil.example", False),
        ("10.0.0.1", False),
        (None, False),
        ("", False),
        ("127.0.0.1.evil.example", False),
    ],
)
def test_loopback_is_this_machine_alone(host, expected):
    assert is_loopback(host) is expected
