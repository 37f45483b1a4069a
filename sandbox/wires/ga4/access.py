"""Who may read the property, and which fault strikes first; the same for both APIs."""

from collections.abc import Container
from typing import TYPE_CHECKING

from sandbox.faults import Fault
from sandbox.wires.ga4.refusals import FAULTS, NO_SCOPE, UNAUTHENTICATED, Refused

if TYPE_CHECKING:
    from sandbox.market import Account
    from sandbox.server import Sandbox

PLATFORM = "ga4"
SCOPES = {"https://www.googleapis.com/auth/analytics.readonly", "https://www.googleapis.com/auth/analytics"}
CALL_FAULTS = frozenset(FAULTS) | {Fault.TIMEOUT}


def admit(sandbox: "Sandbox", authorization: str) -> None:
    """Refused unless the bearer token lives and may read Analytics."""
    scheme, _, token = authorization.partition(" ")
    grant = sandbox.tokens.holder(token) if scheme.lower() == "bearer" else None
    if grant is None:
        raise Refused(UNAUTHENTICATED)
    if not SCOPES & set(grant.scopes):
        raise Refused(NO_SCOPE)


def strike(sandbox: "Sandbox", account: str = "", more: Container[Fault] = ()) -> Fault | None:
    """Act out a fault that ends the call; one of `more` is handed back for the caller to act out."""
    only = {fault for fault in Fault if fault in CALL_FAULTS or fault in more}
    fault = sandbox.faults.take(PLATFORM, account, only=only)
    if fault is Fault.TIMEOUT:
        sandbox.stall()
    elif fault in FAULTS:
        raise Refused(FAULTS[fault])
    return fault


def properties(sandbox: "Sandbox") -> list["Account"]:
    return [account for account in sandbox.market.accounts if account.platform == PLATFORM]
