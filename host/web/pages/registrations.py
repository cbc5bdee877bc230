"""What an instance has registered at its services: registered again, put back, and removed with the instance."""

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ....connector.errors import is_told
from ..forms import CONFIRMED, Form
from ..markup import sentence
from ..site import missing, see_other, site_of, with_form
from .instances import draw, instance_of


def register(request: Request, form: Form) -> Response:
    host, instance, endpoint_id = site_of(request).host, instance_of(request), form.get("endpoint")
    if endpoint_id not in {record.endpoint_id for record in host.store.registrations.of(instance.id)}:
        raise missing("registration")
    return _try(
        request, lambda: host.endpoints.register_again(endpoint_id), f"/instances/{instance.id}", done="registered"
    )


def remove(request: Request, form: Form) -> Response:
    host, instance = site_of(request).host, instance_of(request)
    if not form.get(CONFIRMED):
        return draw(request, problem="Not removed: tick the box beside the button first.")
    force = form.get("force") == "true"
    return _try(request, lambda: host.instances.remove(instance.id, force=force), "/instances", done="removed")


def _try(request: Request, act: Callable[[], None], then: str, *, done: str) -> Response:
    """The page again, with what went wrong; it also stands beside the flow."""
    try:
        act()
    except Exception as error:
        if not is_told(error):
            raise
        return draw(request, problem=sentence(str(error)))
    if site_of(request).host.store.instances.get(request.path_params["id"]) is None:  # it went with its last webhook
        return see_other("/instances", done="removed")
    return see_other(then, done=done)


def routes() -> list[Route]:
    return [
        Route("/instances/{id}/register", with_form(register), methods=["POST"]),
        Route("/instances/{id}/remove", with_form(remove), methods=["POST"]),
    ]
