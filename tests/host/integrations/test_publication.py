"""What is published, whoever does it: each version once, with one line in the log of changes."""


def lines(host):
    return [change.summary for change in reversed(host.changes.recent()) if change.what == "integration.publish"]


def test_each_version_leaves_one_line_however_it_came(host, integration, step):
    file = integration(step("Give", "give", what="one"))
    host.integrations.publish(file)
    host.integrations.publish_upload({file.name: file.read_bytes()})
    host.instances.deploy(file, customer="acme")
    for _ in range(2):
        host.integrations.publish_upload({file.name: integration(step("Give", "give", what="two")).read_bytes()})
    assert lines(host) == ["Probe: version 1", "Probe: version 2"]
