"""Short ways to send events in tests."""

import base64
import json
from typing import Any

from django.http import HttpResponse
from django.test import Client

from tracking.collector import sources
from tracking.models import Source
from workspaces.models import Workspace


def a_source(workspace: Workspace, kind: str = "server", **fields: Any) -> Source:
    sources.forget()
    mode = "required" if kind == "browser" else "declared"
    return Source.objects.create(workspace=workspace, name=fields.pop("name", kind), kind=kind, **{"consent_mode": mode, **fields})


def basic(key: str) -> str:
    return "Basic " + base64.b64encode(f"{key}:".encode()).decode()


def send(source: Source | str, endpoint: str, content: Any, **headers: str) -> HttpResponse:
    """POST to /v1/<endpoint>; `content` is made JSON unless it is bytes."""
    key = source if isinstance(source, str) else source.write_key
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    headers = {"Authorization": basic(key), **headers} if key else headers
    kind = headers.pop("Content_Type", "application/json")
    return Client().post(f"/v1/{endpoint}", body, content_type=kind, headers=headers)  # type: ignore[return-value]


def track(message_id: str = "m-1", **fields: Any) -> dict[str, Any]:
    return {"type": "track", "event": "Product Viewed", "userId": "u-1", "messageId": message_id, **fields}
