"""From a webhook's JavaScript to a Python module's part: the example of MongoDB's page is carried over, all else is a stub.

A guess at what a program means would be wrong where nobody looks, so there is none.
"""

import re
from pathlib import Path

_PORTED = Path(__file__).resolve().parents[2] / "examples" / "save-texts" / "texts.py"
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_BODIES = (
    "response.setBody(`Saved your text message with _id: ${insertedId}`)",
    "response.setBody(`Failed to save your text message: ${error}`)",
)
_PAGE = re.compile(
    r"exports=asyncfunction\(payload,response\)\{"
    r'constmongodb=context\.services\.get\("mongodb-atlas"\);'
    r'consttexts=mongodb\.db\("[^"]+"\)\.collection\("(?P<collection>[A-Za-z_][A-Za-z0-9_]{0,62})"\);'
    r"try\{const\{insertedId\}=awaittexts\.insertOne\(payload\);"
    + re.escape("".join(_BODIES[0].split()))
    + r";?\}catch\(error\)\{"
    + re.escape("".join(_BODIES[1].split()))
    + r";?\}\};?"
)

HEAD = '''\
"""What the incoming webhooks do, to be ported from the JavaScript beside this file. IMPORTED.md tells more."""

from collections.abc import Mapping
from typing import Any

from twilio_connector.connector.context import ActionContext
from twilio_connector.connector.errors import ConnectorError
from twilio_connector.connector.response import Response
'''
_HANDLER = '''

def {name}(payload: Mapping[str, Any], response: Response, context: ActionContext) -> Any:
    """Port {name}.js: response.setBody is response.set_body, context.services.get("mongodb-atlas") is context.database."""
    raise ConnectorError("{name} is not written yet: port {name}.js, which lies beside handlers.py", field="code")
'''
_USER = '''

def {name}(payload: Mapping[str, Any]) -> str:
    """The id of the user as whom the flow runs. Port {name}.js."""
    raise ConnectorError("{name} is not written yet: port {name}.js, which lies beside handlers.py", field="code")
'''


def ported(source: str) -> str | None:
    """The whole module, whose function is ``save``, where the JavaScript is the page's own example; else None.

    The collection's name becomes the table's.
    """
    bare = _COMMENT.sub("", source)
    found = _PAGE.fullmatch("".join(bare.split())) if all(body in bare for body in _BODIES) else None
    if found is None:
        return None
    return _PORTED.read_text(encoding="utf-8").replace('TABLE = "texts"', f'TABLE = "{found["collection"]}"')


def stub(name: str) -> str:
    """A handler that fails with what is to be done."""
    return _HANDLER.format(name=name)


def user_stub(name: str) -> str:
    """A function that is to name the user, and fails with what is to be done."""
    return _USER.format(name=name)
