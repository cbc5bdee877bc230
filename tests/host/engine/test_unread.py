"""A worker that is older than what was published: a newer one may run it, and if none does the reason is told."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa
from twilio_connector.host.engine import unread
from twilio_connector.host.receiving.inbox import Inbound
from twilio_connector.host.store.ids import time_id
from twilio_connector.host.store.schema import version_files

from .test_cancel import eventually


@pytest.fixture
def instance(host, integration, step):
    return host.instances.deploy(integration(step("Give", "give", what="x")), customer="acme")


@pytest.fixture
def write_file(host):
    """Make a version's file say what only a newer program reads, or what it said before."""

    def write(version_id, content):
        with host.store.engine.begin() as connection:
            mine = sa.update(version_files).where(version_files.c.version_id == version_id)
            connection.execute(mine.values(content=content))
        host.versions._loaded.clear()
        host.routes.forget()

    return write


@pytest.fixture
def accept(host):
    def put(instance):
        (endpoint,) = host.store.instances.endpoints(instance.id)
        place = {"endpoint_id": endpoint.id, "instance_id": instance.id, "version_id": instance.version_id}
        new_id = time_id()
        host.inbox.accept_now(Inbound(execution_id=new_id, flow="Inbound", payload="null", **place))
        host.engine.wake()
        return new_id

    return put


def newer(old):
    return old.replace(b"flows:", b"flowsOfTomorrow: []\nflows:")


def test_what_a_newer_program_published_is_left_to_a_newer_worker(host, instance, accept, write_file, monkeypatch):
    monkeypatch.setattr(unread, "AGAIN", timedelta(seconds=0.2))
    ((_, old),) = host.store.integrations.files(instance.version_id).items()
    write_file(instance.version_id, newer(old))
    execution_id = accept(instance)
    eventually(lambda: host.store.executions.get(execution_id).error is not None)
    record = host.store.executions.get(execution_id)
    assert (record.status, record.attempt) == ("waiting", 1)
    assert "a newer program published this version" in record.error["message"]
    write_file(instance.version_id, old)  # the worker was upgraded
    assert asyncio.run(host.result(execution_id, 30)).status == "succeeded"
    record = host.store.executions.get(execution_id)
    assert (record.attempt, record.error) == (1, None)


def test_where_none_comes_it_fails_with_the_reason(host, instance, accept, write_file, monkeypatch):
    monkeypatch.setattr(unread, "PATIENCE", timedelta(0))
    ((_, old),) = host.store.integrations.files(instance.version_id).items()
    write_file(instance.version_id, newer(old))
    ended = asyncio.run(host.result(accept(instance), 30))
    assert (ended.status, ended.error["kind"]) == ("failed", "integration")
    assert "flowsOfTomorrow" in ended.error["message"]


def test_an_execution_of_a_version_before_the_instances_own_fails_with_the_reason_too(
    host, instance, accept, *, write_file, integration, step
):
    ((_, old),) = host.store.integrations.files(instance.version_id).items()
    host.instances.deploy(integration(step("Other", "give", what="y")), customer="acme")
    write_file(instance.version_id, newer(old))
    ended = asyncio.run(host.result(accept(instance), 30))
    assert (ended.status, ended.error["kind"]) == ("failed", "integration")
    assert "flowsOfTomorrow" in ended.error["message"]
