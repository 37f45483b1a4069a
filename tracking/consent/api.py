"""POST /api/v1/consents: sign-ups and withdrawals from the forms of a website, shop or mail program; /consents/states: what holds.

An identifier stands in the body only, never in an address. A sign-up asks the owner of the address by mail, and only their click
grants; what it answers does not tell whether the person was known.
"""

from typing import Any, cast

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.decorators import api_view, permission_classes
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from mops.lib import clock
from tracking.blind_index import Subject, Unidentifiable, subject_of
from tracking.consent import blanking, double_opt_in, ledger, preferences, suppression
from tracking.consent.purposes import UnknownPurpose, purposes_of
from tracking.consent_models import Decision, SubjectKind
from tracking.models import ConsentState, ConsentText
from workspaces.api_keys import RequiresScope
from workspaces.models import ApiKey, Workspace

CHANGES_CONSENTS = RequiresScope(ApiKey.Scope.CONSENTS_WRITE)  # reading too: every answer holds a link that changes them
SUBSCRIBE, WITHDRAW = "subscribe", "withdraw"
MOST_PURPOSES = 50
Said = dict[str, Any]


class PersonSerializer(serializers.Serializer[Said]):
    """Somebody, by one identifier."""

    kind = serializers.ChoiceField(SubjectKind.choices, default=SubjectKind.EMAIL)
    identifier = serializers.CharField(max_length=500, help_text="Hashed on arrival; a sign-up also mails to it.")


class ConsentSerializer(PersonSerializer):
    """What somebody said."""

    action = serializers.ChoiceField([SUBSCRIBE, WITHDRAW])
    purposes = serializers.ListField(
        child=serializers.CharField(max_length=60), min_length=1, max_length=MOST_PURPOSES,
        help_text='Keys, such as "email". A sign-up names one: each is confirmed for itself.',
    )  # fmt: skip
    language = serializers.ChoiceField(["de", "en"], default="", help_text="Of mail and text; the workspace's without it.")
    page = serializers.URLField(max_length=2_000, default="", allow_blank=True,
                                help_text="Address of the form. Its query and fragment are not kept.")  # fmt: skip
    text_version = serializers.IntegerField(default=None, allow_null=True, min_value=1,
                                            help_text="Version of the published text that stood at the form.")  # fmt: skip

    def validate(self, said: Said) -> Said:
        if said["action"] == SUBSCRIBE and said["kind"] != SubjectKind.EMAIL:
            raise ValidationError({"kind": [_("Only an e-mail address can sign up: its owner confirms by mail.")]})
        if said["action"] == SUBSCRIBE and len(said["purposes"]) > 1:
            raise ValidationError({"purposes": [_("Sign up for one purpose at a time: each is confirmed for itself.")]})
        return said


class AnswerSerializer(serializers.Serializer[Said]):
    """The same for everybody, known or not."""

    state = serializers.CharField(help_text='"pending" until the person confirms, or "withdrawn".')
    preferences = serializers.URLField(help_text="The person's preference centre: put it into mails to them, nowhere else.")
    headers = serializers.DictField(child=serializers.CharField(), help_text="For every mail you send to this person (RFC 8058).")


class StateSerializer(serializers.Serializer[ConsentState]):
    """What was decided for one purpose."""

    purpose = serializers.CharField(source="purpose.key")
    decision = serializers.ChoiceField(Decision.choices)
    is_allowed = serializers.SerializerMethodField(help_text="Granted, not run out, and the person is on no suppression list.")
    since = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)

    def get_is_allowed(self, state: ConsentState) -> bool:
        holds = state.decision == Decision.GRANTED and state.expires_at is not None and state.expires_at > clock.now()
        return holds and not self.context["suppressed"]


class StatesSerializer(serializers.Serializer[Said]):
    """A purpose that is missing was never decided on: no."""

    states = StateSerializer(many=True)
    preferences = serializers.URLField()
    headers = serializers.DictField(child=serializers.CharField())


class UnableToMail(APIException):
    """The mail server did not take the confirmation mail."""

    status_code = 503
    default_code = "no_mail"


EXAMPLE = {
    "action": SUBSCRIBE, "identifier": "erika@example.org", "purposes": ["email"], "language": "de",
    "page": "https://shop.example/newsletter", "text_version": 3,
}  # fmt: skip


@extend_schema(
    operation_id="consents_say",
    summary="Sign up or withdraw",
    description="`subscribe` mails a link to the address; nothing is granted before its owner confirms (202, state `pending`). "
    "`withdraw` closes the gate at once (200). The answer never tells whether the person was known.",
    request=ConsentSerializer,
    responses={200: AnswerSerializer, 202: AnswerSerializer},
    examples=[OpenApiExample("A sign-up", EXAMPLE, request_only=True)],
)
@api_view(["POST"])
@permission_classes([CHANGES_CONSENTS])
def consents(request: Request) -> Response:
    key = cast(ApiKey, request.auth)  # CHANGES_CONSENTS saw to it
    sent = ConsentSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    said, subject = sent.validated_data, _subject(key.workspace, sent.validated_data)
    say, state, status = (_subscribe, "pending", 202) if said["action"] == SUBSCRIBE else (_withdraw, "withdrawn", 200)
    try:
        say(key, subject, said)
    except (UnknownPurpose, double_opt_in.UnableToAsk) as error:
        raise ValidationError({"purposes": [str(error)]}) from None
    return Response(AnswerSerializer({"state": state, **_ways(key.workspace, subject)}).data, status=status)


@extend_schema(
    operation_id="consents_read",
    summary="Read what a person decided",
    description="By POST, so that no identifier stands in an address or log. What you then send elsewhere is not noted as having "
    "left: lists for mailing are read from a segment's members.",
    request=PersonSerializer,
    responses=StatesSerializer,
)
@api_view(["POST"])
@permission_classes([CHANGES_CONSENTS])
def states(request: Request) -> Response:
    workspace = cast(ApiKey, request.auth).workspace  # CHANGES_CONSENTS saw to it
    sent = PersonSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    subject = _subject(workspace, sent.validated_data)
    rows = ConsentState.objects.filter(workspace=workspace, subject=subject.index).select_related("purpose").order_by("purpose")
    answer = {"states": rows, **_ways(workspace, subject)}
    return Response(StatesSerializer(answer, context={"suppressed": suppression.entry(workspace, subject) is not None}).data)


def _subject(workspace: Workspace, said: Said) -> Subject:
    try:
        return subject_of(workspace.pk, said["kind"], said["identifier"])
    except Unidentifiable as error:
        raise ValidationError({"identifier": [str(error)]}) from None


def _subscribe(key: ApiKey, subject: Subject, said: Said) -> None:
    """Ask by mail. Raises UnknownPurpose, double_opt_in.UnableToAsk, UnableToMail, ValidationError for an unknown text."""
    workspace, purpose, language = key.workspace, said["purposes"][0], said["language"] or key.workspace.language
    proof = _proof(key, said)
    if number := said["text_version"]:
        text = ConsentText.objects.filter(purpose=purposes_of(workspace, [purpose])[purpose], language=language, version=number)
        if not text.exists():
            raise ValidationError({"text_version": [_("There is no such version in this language.")]})
        proof["text_version"] = f"{language} {number}"
    try:
        double_opt_in.request(workspace, said["identifier"], purpose, language=language, proof=proof)
    except OSError:
        raise UnableToMail(_("The confirmation mail could not be sent. Send the request again later.")) from None


def _withdraw(key: ApiKey, subject: Subject, said: Said) -> None:
    ledger.withdraw(key.workspace, subject, said["purposes"], source="api", proof=_proof(key, said), actor=str(key))


def _proof(key: ApiKey, said: Said) -> dict[str, str]:
    page = {"url": blanking.address(said["page"], said["identifier"])} if said["page"] else {}
    return {**page, "mechanism": f"API: {key}"}


def _ways(workspace: Workspace, subject: Subject) -> Said:
    """How this person changes their mind."""
    return {
        "preferences": preferences.link(workspace, subject), "headers": preferences.unsubscribe_headers(workspace, subject),
    }  # fmt: skip
