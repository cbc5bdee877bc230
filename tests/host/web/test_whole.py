"""A text in, TwiML out: web, inbox and engine together, on each kind of database."""

import requests
from twilio_connector.host.web.access import Access
from twilio_connector.host.web.app import create_app
from twilio_connector.host.web.server import listen, serving


def path_of(host, instance):
    return f"/trigger/{host.store.instances.endpoints(instance.id)[0].id}"


def test_a_synchronous_flow_answers_the_caller_with_what_its_last_step_gave(host, integration, step):
    file = integration(step("Reply", "give", what="twiml"), flow="    isSynchronous: true\n")
    path = path_of(host, host.instances.deploy(file, customer="acme"))
    with serving(create_app(host, Access(host.credentials)), listen()) as url:
        answer = requests.post(url + path, data={"Body": "hi"}, timeout=20)
    assert (answer.status_code, answer.text) == (200, "<Response/>")
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert host.store.executions.get(answer.headers["x-execution-id"]).status == "succeeded"


def test_a_failed_flow_answers_without_its_inside(host, integration, step, tmp_path):
    file = integration(
        step("Break", "fail", kind="Refused", file=str(tmp_path / "f")), flow="    isSynchronous: true\n"
    )
    path = path_of(host, host.instances.deploy(file, customer="acme"))
    with serving(create_app(host, Access(host.credentials)), listen()) as url:
        answer = requests.post(url + path, data={"Body": "hi"}, timeout=20)
    assert answer.status_code == 500
    assert "it broke" not in answer.text
    assert host.store.executions.get(answer.json()["executionId"]).status == "failed"
