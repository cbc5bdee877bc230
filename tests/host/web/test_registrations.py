"""What an instance registered, on its page: where, what was there before, what went wrong and what can be done."""

import sys

import pytest
from twilio_connector.connector.errors import InvalidInput

FLOW = """
definitionVersion: 7
name: Reception
flows:
  - name: Inbound text
    steps:
      - name: Text received
        isTrigger: true
        action: {component: {key: acme, isPublic: true, version: LATEST}, key: registering}
        inputs: {number: {type: value, value: "+15550100"}}
"""


@pytest.fixture
def numbers(web_host):
    """What Acme's numbers call."""
    found = sys.modules[web_host.registry["acme"].triggers["registering"].target.__module__].NUMBERS
    found.clear()
    found["+15550100"] = "https://theirs.example/<i>sms</i>"
    yield found
    found.clear()


@pytest.fixture
def reception(web_host, numbers, tmp_path):
    file = tmp_path / "reception.yaml"
    file.write_text(FLOW)

    def deploy(text: str = FLOW):
        file.write_text(text)
        return web_host.instances.deploy(file, customer="acme", customer_name="Acme Inc.", name="Reception")

    deploy.host = web_host
    return deploy


def url_of(web_host, instance):
    return next(iter(web_host.endpoints.addresses(instance.id).values()))


def register(client, web_host, instance):
    (record,) = web_host.store.registrations.of(instance.id)
    return client.post(f"/instances/{instance.id}/register", data={"endpoint": record.endpoint_id})


def test_the_page_says_where_it_is_registered_and_what_was_there(client, web_host, reception, numbers):
    instance = reception()
    page = client.get(f"/instances/{instance.id}").text
    for part in ("Registered by itself", "number +15550100", "https://theirs.example/&lt;i&gt;sms", "Register again"):
        assert part in page
    assert numbers["+15550100"] == url_of(web_host, instance)


def test_a_failed_registration_says_why_and_is_mended_by_a_button(client, web_host, reception, numbers):
    numbers["taken"] = "yes"
    with pytest.raises(InvalidInput):
        reception()
    (instance,) = web_host.store.instances.all()
    page = client.get(f"/instances/{instance.id}").text
    assert "not registered" in page
    assert "calls &lt;b&gt;somebody&lt;/b&gt;; free it first" in page
    again = register(client, web_host, instance)
    assert again.status_code == 400
    assert "its webhook is not registered" in again.text
    del numbers["taken"]
    assert register(client, web_host, instance).headers["location"] == f"/instances/{instance.id}?done=registered"
    assert numbers["+15550100"] == url_of(web_host, instance)


def remove(client, instance, **given):
    return client.post(f"/instances/{instance.id}/remove", data={"_confirmed": "true"} | given)


@pytest.mark.parametrize("data", [{}, {"force": "true"}])
def test_an_instance_is_removed_only_where_that_is_confirmed(client, web_host, reception, numbers, data):
    instance = reception()
    answer = client.post(f"/instances/{instance.id}/remove", data=data)
    assert (answer.status_code, "Not removed: tick the box" in answer.text) == (400, True)
    assert [item.enabled for item in web_host.store.instances.all()] == [True]
    assert numbers["+15550100"] == url_of(web_host, instance)


def test_an_instance_is_removed_and_what_was_there_is_back(client, web_host, reception, numbers):
    instance = reception()
    answer = remove(client, instance)
    assert answer.headers["location"] == "/instances?done=removed"
    assert "The instance was removed." in client.get("/instances?done=removed").text
    assert (web_host.store.instances.all(), numbers["+15550100"]) == ([], "https://theirs.example/<i>sms</i>")


def test_an_instance_that_cannot_go_yet_says_so_and_can_be_forced(client, web_host, reception, numbers):
    instance = reception()
    numbers["down"] = "yes"
    page = remove(client, instance)
    assert page.status_code == 400
    for part in ("switched off", "Acme cannot be reached", "leaving", "Remove without putting back", "Put back now"):
        assert part in page.text
    assert "Resume" not in page.text
    url = url_of(web_host, instance)
    assert remove(client, instance, force="true").status_code == 303
    assert (web_host.store.instances.all(), numbers["+15550100"]) == ([], url)


def test_the_list_tells_who_is_leaving_from_who_is_paused(client, web_host, reception, numbers, instance):
    def state(of):
        row = client.get("/instances").text.partition(f'href="/instances/{of.id}"')[2].partition("</tr>")[0]
        return [word for word in ("enabled", "paused", "leaving") if f">{word}<" in row]

    going = reception()
    web_host.instances.enable(instance.id, enabled=False)
    assert (state(instance), state(going)) == (["paused"], ["enabled"])
    numbers["down"] = "yes"
    remove(client, going)
    assert (state(instance), state(going)) == (["paused"], ["leaving"])
    web_host.store.instances.retire(instance.id)
    assert state(instance) == ["leaving"]


def test_putting_back_now_takes_the_leaving_instance_along(client, web_host, reception, numbers):
    instance = reception()
    numbers["down"] = "yes"
    remove(client, instance)
    del numbers["down"]
    assert register(client, web_host, instance).headers["location"] == "/instances?done=removed"
    assert web_host.store.instances.all() == []


def test_webhooks_of_a_flow_that_is_gone_are_shown_until_they_are_put_back(client, web_host, reception, numbers):
    reception()
    numbers["down"] = "yes"
    instance = reception(FLOW.replace("Inbound text", "Reply"))
    page = client.get(f"/instances/{instance.id}").text
    assert "Webhooks of flows that are gone" in page
    assert "Acme cannot be reached" in page


def test_only_registrations_of_the_instance_are_touched(client, web_host, reception, instance):
    other = reception()
    (record,) = web_host.store.registrations.of(other.id)
    for endpoint in (record.endpoint_id, "nobody-was-given-this", ""):
        assert client.post(f"/instances/{instance.id}/register", data={"endpoint": endpoint}).status_code == 404
    assert client.post("/instances/none/remove").status_code == 404


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_a_phone(page, access, reception, numbers, scheme):
    from twilio_connector.host.web.app import create_app
    from twilio_connector.host.web.server import listen, serving

    numbers["+15550100"] = "https://theirs.example/" + "long/" * 40
    instance = reception()
    numbers["down"] = "yes"
    reception(FLOW.replace("Inbound text", "Reply"))
    with serving(create_app(reception.host, access), listen()) as url:
        phone = page(viewport={"width": 390, "height": 844}, color_scheme=scheme)
        phone.goto(f"{url}/login?token={access.new_token()}")
        phone.goto(f"{url}/instances/{instance.id}")
        phone.get_by_role("button", name="Register again Reply").wait_for()
        assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
