"""Accounts and subaccounts, their keys, their balance and what they have used."""

from __future__ import annotations

from .. import shapes
from ..access import permit
from ..errors import TwilioError
from ..rest import ACCOUNT, ApiRequest, ApiResponse, Operation


def fetch_account(request: ApiRequest) -> ApiResponse:
    return ApiResponse(shapes.account(request.state.accounts[request.account("accounts:read")]), name="Account")


def update_account(request: ApiRequest) -> ApiResponse:
    sid, changes = request.account("accounts:update"), {}
    if name := request.given("FriendlyName"):
        changes["friendly_name"] = name
    if status := request.given("Status"):
        if status not in ("active", "suspended", "closed"):
            raise TwilioError(20001, "Status must be active, suspended or closed")
        changes["status"] = status
    return ApiResponse(shapes.account(request.state.change_account(sid, **changes)), name="Account")


def create_account(request: ApiRequest) -> ApiResponse:
    """Make a subaccount of the caller's account."""
    permit(request.state, request.caller, request.caller.account_sid, "accounts:create")
    account = request.state.add_account(request.given("FriendlyName") or "", owner_sid=request.caller.account_sid)
    return ApiResponse(shapes.account(account), 201, "Account")


def list_accounts(request: ApiRequest) -> ApiResponse:
    permit(request.state, request.caller, request.caller.account_sid, "accounts:read")
    status, name = request.query.get("Status"), request.query.get("FriendlyName")
    wanted = (
        account
        for account in reversed(request.state.accounts.values())
        if account.owner_sid == request.caller.account_sid
        and status in (None, account.status)
        and name in (None, account.friendly_name)
    )
    return ApiResponse(request.envelope("accounts", wanted, shapes.account), name="Accounts")


def create_key(request: ApiRequest) -> ApiResponse:
    key = request.state.add_key(request.account("keys:create"))
    return ApiResponse({**shapes.key(key), "secret": key.secret}, 201, "Key")


def fetch_balance(request: ApiRequest) -> ApiResponse:
    account = request.account("balance:read")
    balance = f"{request.state.ledger.balance(account):.5f}"
    return ApiResponse({"account_sid": account, "balance": balance, "currency": "USD"}, name="Balance")


ROUTES: dict[str, dict[str, Operation]] = {
    f"/api/{shapes.VERSION}/Accounts": {"GET": list_accounts, "POST": create_account},
    f"/api{ACCOUNT}": {"GET": fetch_account, "POST": update_account},
    f"/api{ACCOUNT}/Keys": {"POST": create_key},
    f"/api{ACCOUNT}/Balance": {"GET": fetch_balance},
}
