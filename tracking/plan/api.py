"""GET and PUT /api/v1/tracking-plan: the plan as JSON Schema, so that it can live beside the code that sends the events."""

from typing import Any, cast

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, permission_classes
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from tracking.models import PlanVersion
from tracking.plan import exchange, versions
from tracking.plan.reading import BadPlan
from workspaces.api_keys import RequiresScope
from workspaces.models import ApiKey

WRITES_PLAN = RequiresScope(ApiKey.Scope.PLAN_WRITE)
EXAMPLE = {
    "name": "Shop",
    "rules": [{"type": "TRACK", "key": "Lead", "version": 1, "jsonSchema": {
        "$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "labels": {"owner": "Web team"},
        "properties": {"context": {}, "traits": {}, "properties": {
            "type": "object", "properties": {"value": {"type": "number"}}, "required": ["value"], "additionalProperties": False}},
        "required": ["properties"]}}],
}  # fmt: skip


class StoredPlanSerializer(serializers.Serializer[Any]):
    """What became of a plan."""

    version = serializers.IntegerField(help_text="Number of the version that counts now; 0 before the first.")
    changes = serializers.ListField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text='Pairs: "added", "changed" or "removed", and the event.',
    )
    ignored = serializers.ListField(child=serializers.CharField(), help_text="Rules of the schemas that are not taken over.")


@extend_schema(
    methods=["GET"],
    operation_id="tracking_plan_read",
    summary="Read the tracking plan",
    description="One JSON Schema (draft 7) per event, in the form of Segment's tracking plans.",
    responses=OpenApiTypes.OBJECT,
    examples=[OpenApiExample("A plan", EXAMPLE)],
)
@extend_schema(
    methods=["PUT"],
    operation_id="tracking_plan_replace",
    summary="Replace the tracking plan",
    description="The whole plan, in the form it is read, or as an object of event names and schemas. A plan that changes nothing "
    "makes no version.",
    request=OpenApiTypes.OBJECT,
    responses=StoredPlanSerializer,
    examples=[OpenApiExample("A plan", EXAMPLE, request_only=True)],
)
@api_view(["GET", "PUT"])
@permission_classes([WRITES_PLAN])
def tracking_plan(request: Request) -> Response:
    key = cast(ApiKey, request.auth)  # RequiresScope saw to it
    workspace = key.workspace
    if request.method == "GET":
        events = versions.planned(versions.current(workspace)).values()
        return Response(exchange.export(workspace.name, events))
    return Response(_replace(key, request.data))


def _replace(key: ApiKey, content: Any) -> dict[str, Any]:
    try:
        imported = exchange.read(content)
        version = versions.save(key.workspace, key, imported.events, PlanVersion.Origin.API)
    except BadPlan as problem:
        raise ValidationError(str(problem)) from None
    newest = version or versions.current(key.workspace)
    stored = {"version": newest.number if newest else 0, "changes": version.changes if version else [], "ignored": imported.ignored}
    return dict(StoredPlanSerializer(stored).data)
