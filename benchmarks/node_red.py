"""Node-RED with one flow: http in, function, response. It checks no signature and keeps nothing.

It is installed by npm, once, in this user's cache folder; it needs node.
"""

import json
import shutil
import subprocess
from pathlib import Path

import platformdirs

VERSION = "4.1.15"
PATH = "/sms"
FLOW = [
    {"id": "1", "type": "tab", "label": "Texts"},
    {"id": "2", "z": "1", "type": "http in", "url": PATH, "method": "post", "wires": [["3"]]},
    {"id": "3", "z": "1", "type": "function", "outputs": 1, "wires": [["4"]], "func": ""
     "msg.headers = {'Content-Type': 'text/xml'};\n"
     "msg.payload = '<Response><Message>You said ' + msg.payload.Body.length + ' characters</Message></Response>';\n"
     "return msg;"},
    {"id": "4", "z": "1", "type": "http response", "statusCode": "200", "wires": []},
]  # fmt: skip


class Missing(Exception):
    """It cannot be run here; the message says why."""


def why_not() -> str:
    """Why it cannot be run here; empty where it can."""
    try:
        _node(), _program()
    except Missing as missing:
        return str(missing)
    return ""


def command(folder: Path, port: int) -> list[str]:
    """What runs it in that folder. Raises Missing."""
    (folder / "flows.json").write_text(json.dumps(FLOW))
    return [_node(), str(_program()), "--userDir", str(folder), "--port", str(port), str(folder / "flows.json")]


def _node() -> str:
    found = shutil.which("node")
    if found is None:
        raise Missing("no node on this machine")
    return found


def _program() -> Path:
    cache = platformdirs.user_cache_path("twilio-connector-bench")
    package = cache / "node_modules" / "node-red"
    manifest = package / "package.json"
    if not manifest.is_file() or json.loads(manifest.read_text())["version"] != VERSION:
        _install(cache)
    return package / "red.js"


def _install(cache: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise Missing("no npm on this machine")
    cache.mkdir(parents=True, exist_ok=True)
    install = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(cache), f"node-red@{VERSION}"]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Missing("npm could not install it")
