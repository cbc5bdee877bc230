"""Content templates, their approval for WhatsApp: https://www.twilio.com/docs/content/content-api-resources."""

from __future__ import annotations

from typing import Any

from ..errors import TwilioError
from ..products import Content
from ..rest import ApiRequest, ApiResponse, Operation, Resource

APPROVED = {"category": "UTILITY", "status": "approved", "rejection_reason": "", "allow_category_change": True}


def _links(_: Content, path: str) -> dict[str, Any]:
    approvals = f"{path}/ApprovalRequests"
    return {"links": {"approval_create": f"{approvals}/whatsapp", "approval_fetch": approvals}}


CONTENTS = Resource(
    product="content",
    path="/v1/Content",
    items="contents",
    element="Content",
    prefix="HX",
    record=Content,
    shelf=lambda state: state.contents,
    permission="content",
    shape=_links,
)


def create_content(request: ApiRequest) -> ApiResponse:
    """Make a template of a JSON body with language and types."""
    account, body = request.account("content:create"), request.body
    if not isinstance(body, dict):
        raise TwilioError(20001, "The body must be a JSON object")
    if not isinstance(body.get("language"), str) or not isinstance(body.get("types"), dict) or not body["types"]:
        raise TwilioError(20001, "language and types are required")
    if not all(isinstance(form, dict) for form in body["types"].values()):
        raise TwilioError(20001, "Each of types must be an object")
    variables = body.get("variables") or {}
    if not isinstance(variables, dict):
        raise TwilioError(20001, "variables must be an object")
    fields = {"friendly_name": str(body.get("friendly_name", "")), "language": body["language"]}
    return CONTENTS.add(request, account, **fields, variables=variables, types=body["types"])


def _approval(it: Content) -> dict[str, Any]:
    kind = next(iter(it.types), "")
    return {"type": "whatsapp", "name": it.friendly_name, "content_type": kind} | APPROVED


def fetch_approvals(request: ApiRequest) -> ApiResponse:
    it = CONTENTS.find(request, "read")
    url = f"{request.state.settings.url}/content/v1/Content/{it.sid}/ApprovalRequests"
    return ApiResponse({"sid": it.sid, "account_sid": it.account_sid, "whatsapp": _approval(it), "url": url})


def list_with_approvals(request: ApiRequest) -> ApiResponse:
    account = request.account("content:read")

    def shape(it: Content) -> dict[str, Any]:
        data = CONTENTS.shown(it, request.state)
        shown = {key: value for key, value in data.items() if key not in ("url", "links")}
        return shown | {"approval_requests": _approval(it)}

    wanted = (it for it in request.state.contents.newest() if it.account_sid == account)
    return ApiResponse(request.envelope("contents", wanted, shape))


ROUTES: dict[str, dict[str, Operation]] = {
    **CONTENTS.routes(list=CONTENTS.list, create=create_content, fetch=CONTENTS.fetch, delete=CONTENTS.delete),
    "/content/v1/Content/{sid}/ApprovalRequests": {"GET": fetch_approvals},
    "/content/v1/ContentAndApprovals": {"GET": list_with_approvals},
}
