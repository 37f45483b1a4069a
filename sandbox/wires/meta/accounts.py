"""Ad accounts and the names in them: me/adaccounts, act_<id> and its campaigns, ad sets and ads."""

import json
from collections.abc import Callable
from typing import Any

from sandbox.http import Request, Response, Route, json_response
from sandbox.market import Account, Entity
from sandbox.tokens import Grant
from sandbox.wires.meta.graph import ACCOUNT, ANY_VERSION, SCOPES, Graph, chosen_fields, page
from sandbox.wires.meta.refusals import NO_ACCESS, Refused, invalid

EDGES = {"campaigns": "campaign", "adsets": "ad_group", "ads": "ad"}
STATUSES = {"enabled": "ACTIVE", "paused": "PAUSED", "removed": "DELETED"}
HIDDEN = {"ARCHIVED", "DELETED"}  # unless asked for by name
ACCOUNT_FIELDS: dict[str, Callable[[Account], Any]] = {
    "id": lambda account: f"act_{account.external_id}",
    "account_id": lambda account: account.external_id,
    "name": lambda account: account.name,
    "currency": lambda account: account.currency,
    "timezone_name": lambda account: account.time_zone,
    "account_status": lambda account: 1,
}
ENTITY_FIELDS: dict[str, Callable[[Entity, str], Any]] = {
    "id": lambda entity, campaign: entity.external_id,
    "name": lambda entity, campaign: entity.name,
    "effective_status": lambda entity, campaign: STATUSES[entity.status],
    "status": lambda entity, campaign: STATUSES[entity.status],
    "objective": lambda entity, campaign: entity.channel_type,
    "campaign_id": lambda entity, campaign: campaign,
    "adset_id": lambda entity, campaign: entity.parent_id,
}


def routes(graph: Graph) -> list[Route]:
    edges = "|".join(EDGES)
    return [
        (
            "GET",
            f"{ANY_VERSION}/me/adaccounts/?",
            graph.guarded(lambda request, grant: _accounts(graph, request, grant)),
        ),
        ("GET", f"{ANY_VERSION}/{ACCOUNT}/?", graph.guarded(lambda request, grant: _account(graph, request))),
        (
            "GET",
            f"{ANY_VERSION}/{ACCOUNT}/(?P<edge>{edges})/?",
            graph.guarded(lambda request, grant: _edge(graph, request, grant)),
        ),
    ]


def _accounts(graph: Graph, request: Request, grant: Grant) -> Response:
    names = chosen_fields(request, ACCOUNT_FIELDS, ("id", "account_id"))
    readable = graph.accounts() if SCOPES & set(grant.scopes) else []
    rows = [{name: ACCOUNT_FIELDS[name](account) for name in ("id", *names)} for account in readable]
    graph.log(request, rows=len(rows))
    return page(request, rows)


def _account(graph: Graph, request: Request) -> Response:
    account = graph.account(request)
    graph.log(request, account.external_id)
    names = chosen_fields(request, ACCOUNT_FIELDS, ("id", "account_id"))
    return json_response({name: ACCOUNT_FIELDS[name](account) for name in ("id", *names)})


def _edge(graph: Graph, request: Request, grant: Grant) -> Response:
    if not SCOPES & set(grant.scopes):
        raise Refused(NO_ACCESS)
    account, level = graph.account(request), EDGES[request.match["edge"]]
    names = chosen_fields(request, ENTITY_FIELDS, ("id",))
    entities = graph.sandbox.market.entities(account.external_id, graph.sandbox.clock.now())
    parents = {entity.external_id: entity.parent_id for entity in entities}
    wanted = _statuses(request)
    rows = [
        {name: ENTITY_FIELDS[name](entity, _campaign(entity, parents)) for name in ("id", *names)}
        for entity in entities
        if entity.level == level and (STATUSES[entity.status] in wanted if wanted else entity.status != "removed")
    ]
    graph.log(request, account.external_id, len(rows))
    return page(request, rows)


def _campaign(entity: Entity, parents: dict[str, str]) -> str:
    return parents.get(entity.parent_id, "") if entity.level == "ad" else entity.parent_id


def _statuses(request: Request) -> set[str]:
    try:
        return set(json.loads(request.params.get("effective_status", "[]")))
    except (TypeError, ValueError):
        raise invalid("Param effective_status must be an array.") from None
