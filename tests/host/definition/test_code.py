"""Code steps: functions of modules in an integration's folder."""

import asyncio
import sys
from pathlib import Path

import pytest
from twilio_connector.connector.component import load as load_component
from twilio_connector.connector.context import ActionContext, Integration
from twilio_connector.connector.errors import ConnectorError, InvalidInput, Refused
from twilio_connector.connector.result import ActionResult
from twilio_connector.host.definition import code

COMPONENT = Path(__file__).parents[3] / "host" / "components" / "code"


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


def test_a_function_is_found_by_threads_that_parse_at_once(run, monkeypatch):
    """Python 3.11 builds the trees of ``ast`` in one thread at a time, and raises SystemError in the others."""
    monkeypatch.setattr("ast.parse", lambda *_, **__: pytest.fail("a tree was built"))
    assert run("steps:reply", steps="def reply(context, results):\n    return 1\n").data == 1


def test_an_integration_without_a_folder_has_no_code():
    action = load_component(COMPONENT).actions["runCode"]
    with pytest.raises(InvalidInput, match="came without its folder"):
        action.perform(ActionContext(), {"code": "steps:reply"})


PAYLOAD = {"From": "+15558675309", "To": "+18057166646", "Body": "Hello! How are you?"}


@pytest.fixture
def handle(tmp_path):
    """Run a handler, whose module is written first."""

    def handle(source: str, results=None, **inputs) -> ActionResult:
        (tmp_path / "texts.py").write_text(source)
        given = {"incomingText": {"body": {"data": PAYLOAD}}} if results is None else results
        context = ActionContext(integration=Integration(folder=tmp_path), results=given, execution_id="e1")
        action = load_component(COMPONENT).actions["runHandler"]
        return action.perform(context, {"code": "texts:handler"} | inputs)

    return handle


@pytest.mark.parametrize("head", ["def handler(payload, response):", "async def handler(payload, response, context):"])
def test_a_handler_answers_with_what_it_sets(handle, head):
    source = (
        f"{head}\n    response.set_body('You said ' + payload['Body'])\n    response.set_status_code(202)\n"
        "    response.set_header('Content-Type', 'text/plain')\n    response.set_header('X-A', '1')\n"
        "    response.add_header('x-a', '2')\n    return 'not this'\n"
    )
    assert handle(source) == ActionResult(
        data="You said Hello! How are you?", content_type="text/plain", status_code=202, headers={"x-a": "1, 2"}
    )


@pytest.mark.parametrize(
    ("body", "data"),
    [
        ("return 'text'", "text"),
        ("return {'a': 1}", {"a": 1}),
        ("pass", None),
        ("response.set_body(None); return 'no'", None),
        ("response.set_body(''); return 'no'", ""),
        ("response.set_body(b'x')", b"x"),
    ],
)
def test_what_a_handler_returns_is_the_result_where_it_sets_no_body(handle, body, data):
    assert handle(f"def handler(payload, response):\n    {body}\n") == ActionResult(data=data)


def test_a_handler_may_return_a_whole_result_and_still_set_parts_of_it(handle):
    source = (
        "from twilio_connector.connector.result import ActionResult\ndef handler(payload, response):\n"
        "    response.set_status_code(201)\n    return ActionResult(data='x', content_type='text/xml', status_code=500)\n"
    )
    assert handle(source) == ActionResult(data="x", content_type="text/xml", status_code=201)


@pytest.mark.parametrize(
    ("parameters", "given"),
    [("", []), ("payload", ["p"]), ("payload, response, context", ["p", "R", "e1"]), ("*all", ["p", "R", "e1"])],
)
def test_a_handler_takes_as_much_as_it_names(handle, parameters, given):
    source = (
        f"def handler({parameters}):\n    given = [{parameters}]\n"
        "    return [getattr(one, 'execution_id', one if isinstance(one, str) else type(one).__name__[0]) for one in given]"
    )
    assert handle(source, payload="p").data == given


@pytest.mark.parametrize("parameters", ["a, b, c, d", "payload, *, other"])
def test_a_handler_that_needs_something_else_says_how_it_is_written(handle, parameters):
    with pytest.raises(InvalidInput, match=r"handler cannot be called .*\(payload, response, context\)") as caught:
        handle(f"def handler({parameters}): ...\n")
    assert caught.value.field == "code"


@pytest.mark.parametrize(
    ("results", "payload"),
    [
        ({"a": {"body": {"data": {"document": PAYLOAD, "parameters": {}}}}, "b": {"body": {"data": 1}}}, PAYLOAD),
        ({"a": {"body": {"data": PAYLOAD}}}, PAYLOAD),
        ({"a": {"body": {"data": {"document": "its own"}}}}, {"document": "its own"}),
        ({"a": {"body": {"data": [1]}}}, [1]),
        ({"a": {"body": {"data": None}}}, {}),
        ({"a": None}, {}),
        ({}, {}),
    ],
)
def test_without_a_payload_it_is_what_the_trigger_says(handle, results, payload):
    assert handle("def handler(payload):\n    return payload\n", results).data == payload


@pytest.mark.parametrize(
    ("call", "problem"),
    [
        ("set_status_code(99)", "from 200 to 599, not 99"),
        ("set_status_code('200')", "from 200 to 599, not '200'"),
        ("set_status_code(True)", "not True"),
        ("set_header('X-A', 'a\\r\\nSet-Cookie: b')", "the header X-A holds a line end"),
        ("add_header('X A', 'a')", "'X A' is not the name of a header"),
        ("set_header('', 'a')", "'' is not the name"),
    ],
)
def test_what_no_answer_may_have_is_refused_where_it_is_set(handle, call, problem):
    with pytest.raises(ConnectorError, match=r"texts\.py:2: handler: ValueError: ") as caught:
        handle(f"def handler(payload, response):\n    response.{call}\n")
    assert problem in caught.value.message


@pytest.mark.parametrize("raised", ["SystemExit(3)", "__import__('asyncio').CancelledError()", "GeneratorExit()"])
def test_a_function_that_leaves_is_an_error_that_names_the_line(run, raised):
    with pytest.raises(ConnectorError, match=r"steps.py:2: reply: (SystemExit: 3|CancelledError|GeneratorExit)"):
        run("steps:reply", steps=f"def reply(context, results):\n    raise {raised}\n")


def test_an_edit_is_seen_however_deep(run, tmp_path):
    (tmp_path / "lib" / "deep").mkdir(parents=True)
    for word in ("old", "new"):
        (tmp_path / "lib" / "deep" / "words.py").write_text(f"def reply(context, results):\n    return {word!r}\n")
        assert run("lib.deep.words:reply").data == word
