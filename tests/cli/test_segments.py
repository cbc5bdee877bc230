import io
import sys

import pytest


def lines(done):
    return dict(line.split(maxsplit=1) for line in done.out.splitlines())


def test_a_plain_text_is_one_segment_of_gsm_7(run):
    done = run("segments", "Hi")
    assert (done.status, done.err) == (0, "")
    assert lines(done) == {
        "encoding": "GSM-7",
        "segments": "1",
        "characters": "2 (2 septets; 160 fit in one segment)",
    }


def test_the_character_that_forces_ucs_2_is_named_and_the_way_out(run):
    found = lines(run("segments", "It’s " + "a" * 80))
    assert (found["encoding"], found["segments"]) == ("UCS-2", "2")
    assert found["culprit"] == "’ U+2019 RIGHT SINGLE QUOTATION MARK at character 3"
    assert "GSM-7 in 1" in found["smart"]


def test_smart_encoding_is_applied_when_asked_for(run):
    assert lines(run("segments", "--smart", "It’s " + "a" * 80))["segments"] == "1"
    assert "smart" not in lines(run("segments", "--smart", "It’s 👍"))


@pytest.mark.parametrize("arguments", [(), ("-",)])
def test_the_text_comes_from_standard_input_too(run, monkeypatch, arguments):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("Grüße\r\n".encode())))
    assert lines(run("segments", *arguments))["characters"].startswith("5 (5 septets")


def test_what_is_not_utf_8_is_refused(run, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff\xfe")))
    done = run("segments")
    assert (done.status, done.out) == (2, "")
    assert "not UTF-8" in done.err


def test_a_character_that_cannot_be_shown_is_named(run):
    assert lines(run("segments", "a\tb"))["culprit"] == "U+0009 at character 2"
