"""Code steps: functions of modules in an integration's folder."""

import asyncio
import sys
from pathlib import Path

import pytest
from twilio_connector.connector.component import load as load_component
from twilio_connector.connector.context import ActionContext, Integration
from twilio_connector.connector.errors import ConnectorError, InvalidInput, Refused
from twilio_connector.connector.result import ActionResult
from twilio_connector.host import code

COMPONENT = Path(__file__).parents[2] / "host" / "components" / "code"


@pytest.fixture
def run(tmp_path):
    """Run an entry of the folder, which is written first."""

    def run(entry: str, results=None, **files: str) -> ActionResult:
        for name, source in files.items():
            (tmp_path / f"{name}.py").write_text(source)
        context = ActionContext(integration=Integration(folder=tmp_path), results=results or {})
        return load_component(COMPONENT).actions["runCode"].perform(context, {"code": entry})

    return run


def test_a_function_gets_context_and_results(run):
    source = "def reply(context, results):\n    return [context.step_id, results['start']['x']]\n"
    assert run("steps:reply", {"start": {"x": 5}}, steps=source).data == ["", 5]


def test_a_function_may_be_async(run):
    source = "import asyncio\nasync def reply(context, results):\n    await asyncio.sleep(0)\n    return 'later'\n"
    assert run("steps:reply", steps=source).data == "later"


def test_a_function_may_be_async_though_a_loop_runs_elsewhere(run):
    async def outside():
        source = "async def reply(context, results):\n    return 'ok'\n"
        return await asyncio.to_thread(run, "steps:reply", steps=source)

    assert asyncio.run(outside()).data == "ok"


def test_a_function_may_give_a_whole_result(run):
    source = (
        "from twilio_connector.connector.result import ActionResult\n"
        "def reply(context, results):\n    return ActionResult(data='<Response/>', content_type='text/xml')\n"
    )
    assert run("steps:reply", steps=source) == ActionResult(data="<Response/>", content_type="text/xml")


def test_modules_may_import_each_other_relatively_and_nothing_else_sees_them(run):
    before = list(sys.path)
    source = "from .words import WORD\ndef reply(context, results):\n    return WORD\n"
    assert run("steps:reply", steps=source, words="WORD = 'hi'\n").data == "hi"
    assert sys.path == before
    assert "steps" not in sys.modules
    assert "words" not in sys.modules


def test_an_edit_is_seen_at_once_even_of_equal_length(run):
    source = "def reply(context, results):\n    return %s\n"
    assert [run("steps:reply", steps=source % number).data for number in (1, 2, 3)] == [1, 2, 3]


def test_no_bytecode_is_left_in_the_folder(run, tmp_path):
    run("steps:reply", steps="def reply(context, results): ...\n")
    assert [file.name for file in tmp_path.iterdir()] == ["steps.py"]


def test_two_integrations_may_have_modules_of_one_name(tmp_path):
    found = []
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "steps.py").write_text(f"def reply(context, results):\n    return {name!r}\n")
        found.append(code.load(code.find(folder, "steps:reply")))
    assert [function(None, {}) for function in found] == ["one", "two"]


def test_an_exception_names_the_line_that_raised_it(run):
    source = "def reply(context, results):\n    return results['nope']\n"
    with pytest.raises(ConnectorError, match=r"^steps\.py:2: reply: KeyError: 'nope'$") as caught:
        run("steps:reply", steps=source)
    assert (caught.value.kind, caught.value.field) == ("error", "code")


def test_a_module_that_cannot_be_imported_names_its_line(run):
    with pytest.raises(ConnectorError, match=r"^steps\.py:1: reply: ModuleNotFoundError: No module named 'nope'"):
        run("steps:reply", steps="import nope\ndef reply(context, results): ...\n")


def test_errors_raised_on_purpose_keep_their_kind(run):
    source = (
        "from twilio_connector.connector.errors import Refused\ndef reply(context, results):\n    raise Refused('no')\n"
    )
    with pytest.raises(Refused, match=r"^no$"):
        run("steps:reply", steps=source)


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("module.exports = async (context) => ({ data: 1 })", "not JavaScript, which is not run here"),
        ("../steps:reply", "must be module:function"),
        ("/etc/passwd:reply", "must be module:function"),
        ("steps", "must be module:function, .* not 'steps'"),
        ("other:reply", "there is no other.py in the integration's folder; add it"),
        ("inner.deep:reply", "there is no inner/deep.py"),
        ("steps:nope", "steps.py has no function nope; add it"),
        ("broken:reply", "broken.py:1: is not Python"),
        ("outside:reply", "outside.py leads out of the integration's folder"),
    ],
)
def test_what_is_no_function_of_the_folder_is_refused_without_running_anything(tmp_path, entry, problem):
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "elsewhere.py").write_text("def reply(context, results): ...\n")
    (folder / "steps.py").write_text("raise SystemExit\ndef reply(context, results): ...\n")
    (folder / "broken.py").write_text("def reply(\n")
    (folder / "outside.py").symlink_to(tmp_path / "elsewhere.py")
    with pytest.raises(InvalidInput, match=problem) as caught:
        code.find(folder, entry)
    assert caught.value.field == "code"


def test_an_integration_without_a_folder_has_no_code():
    action = load_component(COMPONENT).actions["runCode"]
    with pytest.raises(InvalidInput, match="came without its folder"):
        action.perform(ActionContext(), {"code": "steps:reply"})
