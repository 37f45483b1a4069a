"""GET /api/v1/segments …: segments, one with its rule, and its members as far as they consented to its purpose."""

from typing import Any, cast
from uuid import uuid4

from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, permission_classes
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from segments import leaving, versions
from segments.models import Membership, Segment
from segments.rules.schema import json_schema
from workspaces.api_keys import RequiresScope
from workspaces.models import ApiKey, Workspace

READS_SEGMENTS = RequiresScope(ApiKey.Scope.SEGMENTS_READ)
MOST_SEGMENTS, MOST_MEMBERS, USUAL = 1_000, 500, 100


class SegmentSerializer(serializers.Serializer[Segment]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    description = serializers.CharField()
    kind = serializers.ChoiceField(Segment.Kind.choices)
    state = serializers.ChoiceField(Segment.State.choices)
    purpose = serializers.CharField(source="purpose.key", default=None, allow_null=True, help_text="Key of the purpose it is for.")
    size = serializers.IntegerField(allow_null=True, help_text="Members now; null before the first build.")
    changed_at = serializers.DateTimeField(allow_null=True, help_text="Last entry or exit.")
    version = serializers.IntegerField(
        source="version.number", default=None, allow_null=True, help_text="Of the rule its members are shown by."
    )


class OneSegmentSerializer(SegmentSerializer):
    rule = serializers.DictField(allow_null=True, help_text="In the rule language; its schema is in docs/segments.md.")


class SegmentsSerializer(serializers.Serializer[dict[str, Any]]):
    segments = SegmentSerializer(many=True)


class MemberSerializer(serializers.Serializer[dict[str, Any]]):
    id = serializers.UUIDField(help_text="Of the profile.")
    since = serializers.DateTimeField()
    cause = serializers.CharField()
    identifiers = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text="By kind, only those whose own consent allows the purpose.",
    )


class MembersSerializer(serializers.Serializer[dict[str, Any]]):
    members = MemberSerializer(many=True, help_text="Who consented to the purpose and is not in the control group.")
    withheld = serializers.IntegerField(help_text="Members of this page who are not told.")
    next = serializers.CharField(allow_null=True, help_text="Send it as `cursor` for the next page; null at the end.")


class NobodyMayLeave(APIException):
    status_code = 409
    default_code = "no_purpose"


class Cursor(serializers.Serializer[dict[str, Any]]):
    cursor = serializers.RegexField(r"^[0-9]{1,18}$", default="0")
    limit = serializers.IntegerField(min_value=1, max_value=MOST_MEMBERS, default=USUAL)


def _workspace(request: Request) -> Workspace:
    return cast(ApiKey, request.auth).workspace  # READS_SEGMENTS saw to it


def _segment(request: Request, pk: int) -> Segment:
    found = Segment.objects.select_related("purpose", "version", "workspace")
    return get_object_or_404(found, pk=pk, workspace=_workspace(request))


@extend_schema(operation_id="segments_list", summary="List segments", responses=SegmentsSerializer)
@api_view(["GET"])
@permission_classes([READS_SEGMENTS])
def segments(request: Request) -> Response:
    found = Segment.objects.filter(workspace=_workspace(request)).exclude(state=Segment.State.ARCHIVED)
    listed = found.select_related("purpose", "version").order_by("name")[:MOST_SEGMENTS]
    return Response(SegmentsSerializer({"segments": listed}).data)


@extend_schema(operation_id="segments_read", summary="Read a segment with its rule", responses=OneSegmentSerializer)
@api_view(["GET"])
@permission_classes([READS_SEGMENTS])
def segment(request: Request, pk: int) -> Response:
    found = _segment(request, pk)
    shown = found.version or versions.newest(found)
    return Response({**SegmentSerializer(found).data, "rule": shown.rule if shown else None})


@extend_schema(operation_id="segments_schema", summary="JSON Schema of the rule language", responses=OpenApiTypes.OBJECT)
@api_view(["GET"])
@permission_classes([READS_SEGMENTS])
def schema(request: Request) -> Response:
    return Response(json_schema())


@extend_schema(
    operation_id="segments_members",
    summary="Read members",
    description="In pages. Members who did not consent to the segment's purpose, and the control group, are never told; every "
    "answer stands in the ledger of what left. A segment without a purpose tells nobody (409).",
    parameters=[
        OpenApiParameter("cursor", str, description="`next` of the page before."),
        OpenApiParameter("limit", int, description=f"Members looked at, at most {MOST_MEMBERS}; {USUAL} without."),
    ],
    responses=MembersSerializer,
)
@api_view(["GET"])
@permission_classes([READS_SEGMENTS])
def members(request: Request, pk: int) -> Response:
    found = _segment(request, pk)
    cursor = Cursor(data=request.query_params)
    if not cursor.is_valid():
        raise ValidationError(cursor.errors)
    after, limit = int(cursor.validated_data["cursor"]), cursor.validated_data["limit"]
    if found.purpose is None:
        raise NobodyMayLeave(_("This segment has no purpose: nobody may leave it. Choose one first."))
    rows = Membership.objects.filter(workspace=found.workspace, segment=found, profile_id__gt=after).order_by("profile_id")
    page = list(rows.select_related("profile")[:limit])
    told = _tell(request, found, page)
    return Response({
        "members": told, "withheld": len(page) - len(told), "next": str(page[-1].profile_id) if len(page) == limit else None,
    })  # fmt: skip


def _tell(request: Request, found: Segment, page: list[Membership]) -> list[dict[str, Any]]:
    """Through the gate: what is not allowed there does not leave here either."""
    addresses = leaving.addresses(found, [one.profile_id for one in page])
    if not addresses:
        return []
    key = cast(ApiKey, request.auth).pk
    job = f"api-{key}-{uuid4()}"
    try:
        released = leaving.let_out(found, addresses, destination=f"api:{key}", job=job, send=lambda people: people)
    except ValueError as refused:
        raise NobodyMayLeave(_("This segment's purpose is for another destination.")) from refused
    by_uuid = {one.profile.uuid: one for one in page}
    return [
        {"id": str(person.uuid), "since": by_uuid[person.uuid].since, "cause": by_uuid[person.uuid].cause,
         "identifiers": person.identifiers} for person in released.result or ()
    ]  # fmt: skip
