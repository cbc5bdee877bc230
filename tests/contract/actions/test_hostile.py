"""Whatever is put into an input: it is refused by the input's name before anything is sent, or sent as Twilio has it."""

from twilio_connector.connector.errors import InvalidInput

FREE = "rawRequest"  # sends what its user says
ANYTHING = "additionalParameters"  # as they are
ODD = (
    *("../x", "%2e%2e", "a/b?c#d&e=f", "ä ö", "a\nb", "x\x00", "x" * 2000, "null", "true", "-1", "1.5", "99999999999"),
    *("ftp://example.com", "https://x y", "https://", "2026-13-01", "2026-11-20T25:00:00Z", "SM" + "0" * 33),
    *('["a", "b"]', '{"a": "b"}', "whatsapp:+15551234567", "sip:ada@example.com", "+1 (555) 123-4567"),
)


def test_it_is_refused_by_name_or_sent_as_twilio_has_it(units, recorder, contract, context, key):
    names = [said["key"] for said in units.forms[key] if said["type"] != "connection"]
    for name in names if key != FREE else ():
        for value in ODD if name != ANYTHING else ():
            asked = len(recorder.requests)
            refused = field_of_refusal(units, context, key, units.case_with(key, name) | {name: value})
            assert refused in {None, name}, f"{name}={value!r}"
            assert refused is None or len(recorder.requests) == asked
    to_twilio = [request for request in recorder.requests if ".twilio.com/" in request.url]
    assert [problem for request in to_twilio for problem in contract.problems(request)] == []


def field_of_refusal(units, context, key, given):
    try:
        units.perform(key, given, context)
    except InvalidInput as error:
        return str(error.field).partition(".")[0]
