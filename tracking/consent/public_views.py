"""Pages for everybody, without login: confirm a request, choose what may be done, stop mails by one click."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import translation
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from mops.lib.numerals import whole
from tracking.blind_index import Subject
from tracking.consent import double_opt_in, evidence, preferences, suppression
from tracking.models import DoubleOptIn

LANGUAGES = ("de", "en")
View = Callable[..., HttpResponse]


def _in_chosen_language(view: View) -> View:
    """?language=de beats the browser's."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        language = request.GET.get("language", "")
        if language in LANGUAGES:
            translation.activate(language)
        response = view(request, *args, **kwargs)
        response.headers["Content-Language"] = translation.get_language() or "en"
        return response

    return wrapper


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@_in_chosen_language
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """A GET shows the button and changes nothing, whoever follows the link; the POST confirms."""
    asked = double_opt_in.find(token)
    if asked is None:
        return render(request, "consent/link_over.html", status=404)
    translation.activate(asked.language)
    if request.method != "POST":
        return render(request, "consent/confirm.html", {"asked": asked, "language": asked.language})
    return _confirmed(request, asked, token)


def _confirmed(request: HttpRequest, asked: DoubleOptIn, token: str) -> HttpResponse:
    proof = evidence.of_request(request, asked.workspace_id, mechanism="button after double opt-in mail", url="double opt-in page")
    try:
        event = double_opt_in.confirm(token, proof)
    except double_opt_in.UnableToConfirm:
        return render(request, "consent/link_over.html", status=404)
    subject = Subject(event.subject_kind, event.subject)
    context = {"asked": asked, "link": preferences.link(asked.workspace, subject), "language": asked.language}
    return render(request, "consent/confirmed.html", context)


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@_in_chosen_language
def centre(request: HttpRequest, token: str) -> HttpResponse:
    """What this person allowed, with a switch each; saving takes one click for a yes as for a no."""
    try:
        workspace, subject = preferences.read(token)
    except preferences.BadLink:
        return render(request, "consent/link_over.html", status=404)
    language = translation.get_language() or "en"
    context: dict[str, Any] = {"space": workspace, "language": language, "kind": subject.kind}
    if request.method == "POST":
        context |= _change(request, workspace, subject, language)
    context |= {
        "choices": preferences.choices(workspace, subject, language),
        "listed": suppression.entry(workspace, subject),
        "is_over": suppression.is_unreachable(workspace, subject),
    }
    return render(request, "consent/preferences.html", context)


def _change(request: HttpRequest, workspace: Any, subject: Any, language: str) -> dict[str, bool]:
    proof = evidence.of_request(request, workspace.pk, mechanism="switch and button", url="preference centre")
    if request.POST.get("everything"):
        preferences.withdraw_everything(workspace, subject, proof=proof)
        return {"saved": True}
    texts = [number for text in request.POST.getlist("text") if (number := whole(text)) is not None]
    try:
        preferences.save(workspace, subject, request.POST.getlist("purpose"), texts, language=language, proof=proof)
    except preferences.TextChanged:
        return {"text_changed": True}
    except preferences.Unreachable:
        return {}  # the page says why
    return {"saved": True}


@csrf_exempt  # mail programs send no cookie; the signed link is the proof
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """List-Unsubscribe: the mail program's POST stops mails at once; a person who follows the link gets the page."""
    try:
        workspace, subject = preferences.read(token)
    except preferences.BadLink:
        return HttpResponse(status=404)
    if request.method != "POST":
        return redirect("consent_public:preferences", token)
    proof = evidence.of_request(request, workspace.pk, mechanism="List-Unsubscribe one-click", url="mail header")
    preferences.unsubscribe(workspace, subject, proof=proof)
    return HttpResponse(status=200)
