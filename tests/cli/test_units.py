import io
import json
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlencode

import pytest
from twilio.request_validator import RequestValidator

URL = "https://hooks.example.com/sms?tenant=7"


def text(twilio, **more):
    return json.dumps({"to": twilio.handset, "from": twilio.number, "message": "Hi"} | more)


def test_a_text_is_sent_and_printed_as_data(run, twilio, connection):
    done = run("invoke", "sendSMS", "--connection", connection, "--inputs", text(twilio))
    assert (done.status, done.err) == (0, "")
    assert done.json["data"]["body"] == "Hi"
    assert done.json["data"]["sid"].startswith("SM")


def test_inputs_come_from_a_file_or_standard_input_too(run, twilio, connection, tmp_path, monkeypatch):
    file = tmp_path / "inputs.json"
    file.write_text(text(twilio, message="from a file"))
    assert (
        run("invoke", "sendSMS", "--connection", connection, "--inputs", f"@{file}").json["data"]["body"]
        == "from a file"
    )
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text(twilio, message="piped").encode())))
    assert run("invoke", "sendSMS", "--connection", connection, "--inputs", "-").json["data"]["body"] == "piped"


def test_a_list_is_one_json_text(run, connection):
    done = run("invoke", "listMessages", "--connection", connection, "--inputs", '{"limit": "2", "pageSize": "1"}')
    assert isinstance(done.json["data"], list)
    assert len(done.json["data"]) == 2


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("sendSMS", "--inputs", "{}"), 2, "to: is required"),
        (("sendSMS", "--inputs", "{"), 2, "inputs: is not JSON at line 1"),
        (("sendSMS", "--inputs", "[]"), 2, "inputs: must be a JSON object"),
        (("sendSMS", "--inputs", "@/nowhere.json"), 2, "/nowhere.json: cannot be read"),
        (("sendSMS", "--inputs", '{"too": "x"}'), 2, "did you mean to?"),
        (("sendSms", "--inputs", "{}"), 2, "did you mean sendSMS?"),
        (("getSMS", "--inputs", '{"sid": "SM00000000000000000000000000000000"}'), 4, "20404"),
    ],
)
def test_a_refusal_says_what_to_do_and_prints_no_result(run, connection, arguments, status, says):
    done = run("invoke", *arguments, "--connection", connection)
    assert (done.status, done.out) == (status, "")
    assert says in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read"),
        ("{", "is not JSON"),
        ("{}", "a connection is"),
        ('{"key": "apiKeySecret", "fields": {}}', "accountSid: is required"),
        ('{"key": "nope", "fields": {}}', "apiKeySecret, basic"),
    ],
)
def test_a_connection_that_cannot_be_used_has_its_own_status(run, tmp_path, content, says):
    file = tmp_path / "connection.json"
    if content is not None:
        file.write_text(content)
    done = run("invoke", "sendSMS", "--connection", file)
    assert (done.status, done.out) == (3, "")
    assert says in done.err


def test_wrong_credentials_are_a_connection_error_that_does_not_show_them(run, twilio, tmp_path, fields):
    file = tmp_path / "connection.json"
    file.write_text(json.dumps({"key": "apiKeySecret", "fields": fields | {"apiSecret": "wr0ng-secret"}}))
    done = run("invoke", "listMessages", "--connection", file)
    assert done.status == 3
    assert "20003" in done.err
    assert "wr0ng-secret" not in done.err


def test_a_text_whose_answer_was_lost_is_found_and_not_sent_again(run, twilio, connection):
    twilio.state.faults.add("drop-after", method="POST")
    done = run("invoke", "sendSMS", "--connection", connection, "--inputs", text(twilio, message="once"))
    assert done.status == 0
    (sent,) = [message for message in twilio.state.messages() if message.body == "once"]
    assert done.json["data"]["sid"] == sent.sid


def test_an_outcome_that_nobody_can_know_has_its_own_status(run, twilio, connection):
    twilio.state.faults.add("drop-after", method="POST")
    inputs = {"url": "/Accounts/$TWILIO_ACCOUNT_SID/Messages.json", "method": "POST"}
    inputs["data"] = urlencode({"To": twilio.handset, "From": twilio.number, "Body": "raw"})
    done = run("invoke", "rawRequest", "--connection", connection, "--inputs", json.dumps(inputs))
    assert (done.status, done.out) == (6, "")
    assert "look for it before repeating it" in done.err


def test_a_busy_twilio_says_when_to_try_again(run, twilio, connection):
    twilio.state.faults.add("status", status=429, retry_after=3600)
    done = run("invoke", "sendSMS", "--connection", connection, "--inputs", text(twilio))
    assert (done.status, done.out) == (5, "")
    assert "retry after: 3600" in done.err


def test_bytes_are_saved_to_a_file(run, twilio, connection, tmp_path):
    path = tmp_path / "answer"
    url = "/Accounts/$TWILIO_ACCOUNT_SID/Messages.json?PageSize=1"
    inputs = json.dumps({"url": url, "method": "GET", "responseType": "arraybuffer"})
    done = run("invoke", "rawRequest", "--connection", connection, "--inputs", inputs, "--save", path)
    assert done.status == 0, done.err
    assert done.json == {"data": {"path": str(path), "size": path.stat().st_size}}
    assert "messages" in json.loads(path.read_bytes())


def receive(run, twilio, connection, *, params, signature=None):
    body = connection.with_name("body")
    body.write_bytes(urlencode(params).encode())
    signature = signature or RequestValidator(twilio.auth_token).compute_signature(URL, params)
    arguments = ["--connection", connection, "--url", URL, "--body", body]
    return run("receive", "webhook", *arguments, "--header", f"X-Twilio-Signature: {signature}")


@pytest.mark.parametrize("place", ["missing/file", "."])
def test_a_file_that_cannot_be_written_is_told_before_anything_is_sent(run, twilio, connection, tmp_path, place):
    before = len(run("invoke", "listMessages", "--connection", connection).json["data"])
    inputs = text(twilio, message="not sent")
    done = run("invoke", "sendSMS", "--connection", connection, "--inputs", inputs, "--save", tmp_path / place)
    assert (done.status, done.out) == (2, "")
    assert "save: " in done.err
    assert len(run("invoke", "listMessages", "--connection", connection).json["data"]) == before


def test_data_that_cannot_be_saved_is_printed_for_the_action_is_done(run, twilio, connection, tmp_path):
    path = tmp_path / "sent"
    done = run("invoke", "sendSMS", "--connection", connection, "--inputs", text(twilio), "--save", path)
    assert done.status == 0
    assert done.json["data"]["sid"].startswith("SM")
    assert "not written" in done.err
    assert not path.exists()


def test_a_signed_request_prints_the_payload(run, twilio, connection):
    params = {
        "From": "+15551234567",
        "Body": "Hi & bye",
        "AccountSid": twilio.account_sid,
        "MessageSid": "SM" + "1" * 32,
    }
    done = receive(run, twilio, connection, params=params)
    assert done.status == 0
    assert done.json["body"]["data"]["Body"] == "Hi & bye"
    assert done.json["queryParameters"] == {"tenant": "7"}
    assert done.json["rawBody"]["data"]["type"] == "Buffer"


def test_a_request_that_is_not_twilios_is_refused_with_the_reason(run, twilio, connection):
    forged = "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    done = receive(run, twilio, connection, params={"From": "+15551234567"}, signature=forged)
    assert (done.status, done.out) == (4, "")
    assert "signature" in done.err
    assert URL in done.err
    assert twilio.auth_token not in done.err


def test_without_a_connection_every_request_is_refused(run):
    assert run("receive", "webhook", "--url", URL).status == 4


def test_a_malformed_header_is_named(run, connection):
    done = run("receive", "webhook", "--connection", connection, "--url", URL, "--header", "nonsense")
    assert done.status == 2
    assert "must be 'Name: value'" in done.err


def test_a_reader_that_leaves_early_is_no_traceback(connection):
    command = f"{sys.executable} -m twilio_connector.cli manifest | head -c 10"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, timeout=60)
    assert "Traceback" not in done.stderr


def test_the_manifest_is_printed_as_json(run):
    assert run("manifest").json["key"] == "twilio"


def test_a_full_disk_is_told_without_a_traceback():
    with Path("/dev/full").open("w") as full:
        code = "from twilio_connector.cli.main import main; main()"
        command = [sys.executable, "-c", code, "invoke", "buildVoiceTwiml"]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr.startswith("error: standard output: cannot be written")) == (1, True)
    assert "Traceback" not in done.stderr
