"""Meta's Graph and Marketing API over HTTP, version v26.0: login, accounts, names, insights and report runs."""

from typing import TYPE_CHECKING

from sandbox.http import Route
from sandbox.wires.meta import accounts, insights, tokens
from sandbox.wires.meta.graph import ANY_VERSION, Graph, unknown_path

if TYPE_CHECKING:
    from sandbox.server import Sandbox


def routes(sandbox: "Sandbox") -> list[Route]:
    graph = Graph(sandbox)
    found = [*tokens.routes(graph), *accounts.routes(graph), *insights.routes(graph)]
    return [*found, ("*", f"{ANY_VERSION}/.*", unknown_path)]
