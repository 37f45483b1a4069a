"""Mails about connections, to the people who can mend them, each in their own language."""

from functools import partial

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from channels.models import Connection
from workspaces.models import Member
from workspaces.permissions import Permission, roles_with


def reconnect_needed(connection: Connection) -> None:
    """Tell admins and owners once the running transaction is committed. A mail server that is down stops no pull."""
    transaction.on_commit(partial(send_reconnect_needed, connection.pk), robust=True)


def send_reconnect_needed(connection_id: int) -> int:
    """Mail everybody who may reconnect. Return how many mails went out."""
    connection = Connection.objects.select_related("workspace").get(pk=connection_id)
    members = Member.objects.select_related("user").filter(
        workspace=connection.workspace, role__in=roles_with(Permission.MANAGE_CONNECTIONS), user__is_active=True
    )
    return sum(_mail(connection, member) for member in members)


def _mail(connection: Connection, member: Member) -> int:
    path = reverse("channels:reconnect", args=[connection.workspace.slug, connection.uuid])
    context = {"connection": connection, "person": member.user, "link": settings.SITE_URL + path}
    with translation.override(member.user.language):
        subject = _("Reconnect %(name)s: %(platform)s refuses the login") % {
            "name": connection.name,
            "platform": connection.get_platform_display(),
        }
        text = render_to_string("channels/mail/reconnect.txt", context)
        html = render_to_string("channels/mail/reconnect.html", context)
    mail = EmailMultiAlternatives(" ".join(subject.split()), text, to=[member.user.email])
    mail.attach_alternative(html, "text/html")
    return mail.send()
