"""Purposes of a workspace and the versions of what people were told about them."""

from collections.abc import Collection
from hashlib import sha256

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from mops.lib import clock
from mops.lib.locks import lock_in_transaction
from tracking.consent import locking
from tracking.models import ConsentText, Purpose
from workspaces import audit
from workspaces.models import User, Workspace

DEFAULTS = (  # key, name, destination
    ("analytics", gettext_noop("Measuring the use of the website"), ""),
    ("ads_measurement:google", gettext_noop("Measuring advertising with Google"), "google"),
    ("ads_measurement:meta", gettext_noop("Measuring advertising with Meta"), "meta"),
    ("ads_audience:google", gettext_noop("Audiences with Google"), "google"),
    ("ads_audience:meta", gettext_noop("Audiences with Meta"), "meta"),
    ("email", gettext_noop("Newsletter by e-mail"), ""),
    ("email_open_tracking", gettext_noop("Measuring opened e-mails"), ""),
    ("phone", gettext_noop("Advertising by telephone"), ""),
    ("profiling", gettext_noop("Personal recommendations"), ""),
)
PLATFORMS = (  # banners speak of these too: each comes into being when one first does, or by hand
    ("ads_measurement:microsoft", gettext_noop("Measuring advertising with Microsoft"), "microsoft"),
    ("ads_measurement:linkedin", gettext_noop("Measuring advertising with LinkedIn"), "linkedin"),
    ("ads_measurement:tiktok", gettext_noop("Measuring advertising with TikTok"), "tiktok"),
    ("ads_audience:microsoft", gettext_noop("Audiences with Microsoft"), "microsoft"),
    ("ads_audience:linkedin", gettext_noop("Audiences with LinkedIn"), "linkedin"),
    ("ads_audience:tiktok", gettext_noop("Audiences with TikTok"), "tiktok"),
)
KNOWN = {key: (name, destination) for key, name, destination in DEFAULTS + PLATFORMS}


class UnknownPurpose(ValueError):
    """The workspace has no such purpose."""


def ensure(workspace: Workspace, keys: Collection[str] = ()) -> None:
    """The purposes every workspace begins with, and those of PLATFORMS in `keys`; those that are there stay as they are.

    Uncommitted rows hold up whoever makes the same: inside a transaction they are made behind the lock of the links, which the
    ledger takes too, so that nobody who has it can wait for one who waits for it.
    """
    if connection.in_atomic_block:
        locking.links(workspace.pk, changing=False)
    wanted = [*DEFAULTS, *(one for one in PLATFORMS if one[0] in keys)]
    Purpose.objects.bulk_create(
        [Purpose(workspace=workspace, key=key, name=name, destination=destination) for key, name, destination in wanted],
        ignore_conflicts=True,
    )


def purposes_of(workspace: Workspace, keys: Collection[str]) -> dict[str, Purpose]:
    """By key; those mops knows come into being when first used. Raises UnknownPurpose."""
    found = {purpose.key: purpose for purpose in Purpose.objects.filter(workspace=workspace, key__in=keys)}
    if len(found) < len(set(keys)) and set(keys) & (KNOWN.keys() - found.keys()):
        ensure(workspace, keys)
        found = {purpose.key: purpose for purpose in Purpose.objects.filter(workspace=workspace, key__in=keys)}
    if missing := set(keys) - found.keys():
        raise UnknownPurpose(_("This workspace has no purpose “%(purpose)s”.") % {"purpose": ", ".join(sorted(missing))})
    return found


@transaction.atomic
def publish(purpose: Purpose, language: str, text: str, *, by: User | None) -> ConsentText:
    """The next version in this language; the same text again is no new version."""
    lock_in_transaction("consent_text", purpose.pk)
    text = text.replace("\r\n", "\n").strip()
    latest = current_text(purpose, language)
    if latest and latest.text == text:
        return latest
    published = ConsentText.objects.create(
        workspace_id=purpose.workspace_id, purpose=purpose, language=language, version=latest.version + 1 if latest else 1,
        text=text, sha256=sha256(text.encode()).hexdigest(), published_at=clock.now(), published_by=str(by) if by else audit.SYSTEM,
    )  # fmt: skip
    audit.record(purpose.workspace, by, "consent.text_published", purpose.key, language=language, version=published.version)
    return published


def current_text(purpose: Purpose, language: str) -> ConsentText | None:
    """The version people are shown now."""
    return ConsentText.objects.filter(purpose=purpose, language=language).order_by("-version").first()
