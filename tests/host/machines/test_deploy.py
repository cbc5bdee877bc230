"""The files in examples/deploy: their commands are commands, what they name is there, and their own tools take them."""

import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

DEPLOY = Path(__file__).parents[3] / "examples" / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
HOSTS = {name: service for name, service in COMPOSE["services"].items() if service.get("image") == "twilio-connector"}
UNITS = sorted(DEPLOY.glob("*.service"))
KNOWN = {"DATABASE_URL", "TWILIO_CONNECTOR_KEYS", "TWILIO_CONNECTOR_PUBLIC_URL"}


def understood(arguments: list[str]) -> bool:
    """Whether the command takes them: --help after all others is told only then."""
    command = [sys.executable, "-c", "from twilio_connector.cli.main import main; main()", *arguments, "--help"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("name", HOSTS)
def test_each_host_of_the_compose_file_has_a_command_and_all_that_hosts_share(name):
    service = HOSTS[name]
    assert understood([str(argument) for argument in service["command"]])
    assert service["environment"].keys() == KNOWN
    (port,) = re.findall(r"127\.0\.0\.1:(\d+)/health/ready", service["healthcheck"]["test"][-1])
    assert port in service["command"]
    volumes = [volume.partition(":")[0] for volume in service["volumes"]]
    assert volumes == [name]
    assert name in COMPOSE["volumes"]


def test_there_are_two_servers_that_only_the_proxy_reaches_and_two_workers():
    assert sorted(HOSTS) == ["server-1", "server-2", "worker-1", "worker-2"]
    assert {HOSTS[name]["network_mode"] for name in ("server-1", "server-2")} == {"service:nginx"}
    assert not [name for name, service in HOSTS.items() if "ports" in service]
    upstream = re.findall(r"server 127\.0\.0\.1:(\d+)", (DEPLOY / "nginx.conf").read_text())
    assert upstream == [HOSTS[name]["command"][3] for name in ("server-1", "server-2")]


def test_the_image_has_what_it_copies_and_runs_the_command():
    text = (DEPLOY / "Dockerfile").read_text()
    assert (DEPLOY.parents[1] / "requirements.lock").exists()
    (entry,) = re.findall(r'ENTRYPOINT \["twilio-connector", (.*)\]', text)
    assert understood([*re.findall(r'"(.*?)"', entry), "worker"])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_each_unit_starts_a_command_and_is_hardened(unit):
    parser = configparser.RawConfigParser(strict=False, comment_prefixes="#")
    parser.optionxform = str
    parser.read(unit)
    _, *arguments = parser["Service"]["ExecStart"].replace("%i", "1").split()
    assert understood(arguments)
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("no systemd-analyze on this machine")
    checked = subprocess.run(
        [analyze, "security", "--offline=yes", "--threshold=20", "--no-pager", unit.name.replace("@", "@1")],
        cwd=DEPLOY,
        capture_output=True,
        text=True,
        check=False,
        env={"SYSTEMD_UNIT_PATH": f"{DEPLOY}:", "PATH": "/usr/bin:/bin"},
    )
    assert checked.returncode == 0, checked.stdout[-500:] + checked.stderr


@pytest.mark.nginx
def test_nginx_takes_its_configuration(tmp_path):
    nginx = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")
    if nginx is None:
        pytest.skip("no nginx on this machine")
    (tmp_path / "certificates").mkdir()
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=hooks.example.test", "-days", "1"]
    files = ["-keyout", tmp_path / "certificates/privkey.pem", "-out", tmp_path / "certificates/fullchain.pem"]
    subprocess.run([*make, *files], check=True, capture_output=True)
    shutil.copy(DEPLOY / "nginx.conf", tmp_path)
    done = subprocess.run(
        [nginx, "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
