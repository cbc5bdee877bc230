"""Pages from templates: one environment, everything escaped, an unknown name is an error."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from . import markup

HERE = Path(__file__).parent
STATIC = HERE / "static"
TITLES = {
    400: "That cannot be read",
    401: "Sign in",
    403: "Not allowed",
    404: "Nothing here",
    405: "Not possible here",
    409: "Not now",
    413: "Too large",
    421: "Another address",
    500: "Something broke",
}
MENDS = {
    401: "Open the sign-in link that the command printed when it started.",
    404: "It may have been removed, or the address is not complete.",
    405: "This address does not take that kind of request.",
    500: "It was written to the log. Try again; if it happens again, the log's last lines say why.",
}


@dataclass(frozen=True, slots=True)
class Pages:
    """Draws templates. ``version`` is in the addresses of style and script, so that browsers may keep them."""

    environment: Environment
    version: str

    @classmethod
    def load(cls, strike: Callable[[str], str] = str) -> "Pages":
        """``strike`` takes secrets out of a text that somebody else wrote."""
        environment = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters.update(
            linked=markup.linked,
            pretty=markup.pretty,
            sentence=markup.sentence,
            struck=strike,
            unlinked=markup.unlinked,
            when=markup.when,
        )
        environment.globals.update(took=markup.seconds_between)
        content = b"".join(path.read_bytes() for path in sorted(STATIC.iterdir()))
        return cls(environment, sha256(content).hexdigest()[:12])

    def page(self, request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        """The page at ``status``. ``section`` names the part of the navigation that it belongs to."""
        shared = {"path": request.scope["path"], "version": self.version, "signed_in": True, "section": ""}
        html = self.environment.get_template(template).render(shared | values)
        return HTMLResponse(html, status)

    def refusal(self, request: Request, status: int, message: str = "", *, bare: bool = False) -> HTMLResponse:
        """A page that says what is wrong and what to do; ``bare`` for those who may not see more."""
        title = TITLES.get(status, "Not possible")
        said = message or MENDS.get(status, "")
        shown = {"title": title, "message": said, "code": status, "signed_in": not bare}
        return self.page(request, "refusal.html", status=status, **shown)
