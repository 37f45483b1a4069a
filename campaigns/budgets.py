"""Planned spend: one amount per month, channel and campaign (or the whole channel), in the workspace's currency."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from babel import numbers
from django.db import transaction
from django.db.models import Q, Sum
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from campaigns import history
from campaigns.actuals import Spend, spend_by_channel
from campaigns.models import Budget, Campaign
from campaigns.pacing import Pacing, of_month
from channels.connectors import PLATFORMS
from channels.models import PlatformCampaign
from channels.taxonomy import CHANNELS, Channel, ChannelClass
from mops.lib.period import Period, add_months
from workspaces.models import User, Workspace

Plans = dict[tuple[date, str], Decimal]  # (first of month, channel) → planned spend

LARGEST = Decimal(10) ** 12
AD_PLATFORMS = [platform.key for platform in PLATFORMS.values() if platform.has_spend]


class UnableToPlan(ValueError):
    """The amount or month makes no sense; the message is for the person who typed it."""


@dataclass(frozen=True)
class Cell:
    """A month of a channel: what is planned in this grid, and how it goes where the month has begun."""

    channel: Channel
    month: date
    planned: Decimal | None
    pacing: Pacing  # its plan is the campaigns' sum where the channel has no budget of its own
    is_summed: bool

    @property
    def has_begun(self) -> bool:
        return self.pacing.elapsed > 0


@dataclass(frozen=True)
class Row:
    channel: Channel
    cells: list[Cell]


@dataclass(frozen=True)
class _Numbers:
    own: Plans
    effective: Plans
    spend: Spend
    measured: frozenset[str]  # channels of pulled campaigns: no row there is a zero, elsewhere it is unknown


def grid(workspace: Workspace, period: Period, today: date, campaign: Campaign | None = None) -> list[Row]:
    """Rows by channel with a cell per month of `period`: paid channels, and others that have a plan or spend."""
    known = _numbers(workspace, period, today, campaign)
    used = {channel for _, channel in [*known.effective, *known.spend]}
    shown = [channel for channel in CHANNELS.values() if channel.channel_class is ChannelClass.PAID or channel.code in used]
    return [Row(channel, [_cell(known, channel, month, today) for month in months(period)]) for channel in shown]


def cell(workspace: Workspace, channel: str, month: date, today: date, campaign: Campaign | None = None) -> Cell:
    """One cell of the grid, after it was changed."""
    period = Period(month, add_months(month, 1))
    return _cell(_numbers(workspace, period, today, campaign), CHANNELS[channel], month, today)


def total(cells: Iterable[Cell]) -> Pacing:
    """All channels of a month together; spend in channels without a plan counts, unknown spend does not."""
    pacings = [cell.pacing for cell in cells]
    planned = [pacing.planned for pacing in pacings if pacing.planned is not None]
    spend = [pacing.spend for pacing in pacings if pacing.spend is not None]
    return Pacing(sum(planned) if planned else None, sum(spend) if spend else None, pacings[0].elapsed, pacings[0].days)  # type: ignore[arg-type]


def months(period: Period) -> list[date]:
    """First days of the months in a period of whole months."""
    found = [period.since]
    while (following := add_months(found[-1], 1)) < period.until:
        found.append(following)
    return found


def _numbers(workspace: Workspace, period: Period, today: date, campaign: Campaign | None) -> _Numbers:
    own = _plans(workspace, period, Q(campaign=campaign))
    effective = own if campaign else _plans(workspace, period, ~Q(campaign=None)) | own
    until = min(today, period.until)  # today is not whole yet
    complete = Period(period.since, until) if until > period.since else None
    spend = spend_by_channel(workspace, complete, campaign.pk if campaign else None) if complete else {}
    links = Q(campaign_link__campaign=campaign) if campaign else Q()
    measured = PlatformCampaign.objects.filter(links, workspace=workspace, account__platform__in=AD_PLATFORMS)
    return _Numbers(own, effective, spend, frozenset(measured.values_list("channel", flat=True).distinct()))


def _plans(workspace: Workspace, period: Period, which: Q) -> Plans:
    budgets = Budget.objects.filter(which, workspace=workspace, month__gte=period.since, month__lt=period.until)
    sums = budgets.values_list("month", "channel").annotate(planned=Sum("planned")).order_by()
    return {(month, channel): planned for month, channel, planned in sums}


def _cell(known: _Numbers, channel: Channel, month: date, today: date) -> Cell:
    key = (month, channel.code)
    spend = known.spend.get(key, Decimal(0) if channel.code in known.measured else None)
    planned, effective = known.own.get(key), known.effective.get(key)
    return Cell(channel, month, planned, of_month(month, today, effective, spend), planned is None and effective is not None)


def planned_by_campaign(workspace: Workspace, month: date) -> dict[int, Decimal]:
    """What each campaign may spend in a month, all its channels together."""
    budgets = Budget.objects.filter(workspace=workspace, month=month).exclude(campaign=None)
    return dict(budgets.values_list("campaign").annotate(planned=Sum("planned")).order_by())


def plan(
    workspace: Workspace, user: User, channel: str, month: date, text: str, campaign: Campaign | None = None
) -> Decimal | None:
    """Set the cell to the amount in `text` as people type it, or clear it. Raises UnableToPlan."""
    if channel not in CHANNELS:
        raise UnableToPlan(_("This channel does not exist."))
    planned = parse_amount(text)
    where: dict[str, Any] = {"workspace": workspace, "campaign": campaign, "channel": channel, "month": month}
    with transaction.atomic():
        budget = Budget.objects.select_for_update().filter(**where).first()
        before = budget.planned if budget else None
        if before == planned:
            return planned
        if planned is None:
            Budget.objects.filter(**where).delete()
        else:
            Budget.objects.update_or_create(**where, defaults={"planned": planned, "updated_by": user})
        history.record(workspace, user, campaign, [history.Change(channel, month, before, planned)])
    return planned


def copy_month(workspace: Workspace, user: User, month: date, campaign: Campaign | None = None) -> int:
    """Copy the budgets of the month before into the empty cells of `month`; returns how many."""
    source = Budget.objects.filter(workspace=workspace, campaign=campaign, month=add_months(month, -1))
    with transaction.atomic():
        taken = set(Budget.objects.filter(workspace=workspace, campaign=campaign, month=month).values_list("channel", flat=True))
        copies = [
            Budget(
                workspace=workspace,
                campaign=campaign,
                channel=budget.channel,
                month=month,
                planned=budget.planned,
                updated_by=user,
            )
            for budget in source
            if budget.channel not in taken
        ]
        Budget.objects.bulk_create(copies)
        history.record(workspace, user, campaign, [history.Change(copy.channel, month, None, copy.planned) for copy in copies])
    return len(copies)


def parse_amount(text: str) -> Decimal | None:
    """The amount as the active language writes it ("1.234,50", "1,234.50"); None for nothing. Raises UnableToPlan."""
    text = text.strip().removesuffix("€").strip()
    if not text:
        return None
    locale = "de_DE" if (get_language() or "").startswith("de") else "en_GB"
    try:
        amount = numbers.parse_decimal(text, locale=locale, strict=True)
    except numbers.NumberFormatError as error:
        example = numbers.format_decimal(Decimal("1234.50"), "#,##0.00", locale)
        raise UnableToPlan(
            _("“%(text)s” is no amount. Write it like %(example)s.") % {"text": text[:30], "example": example}
        ) from error
    if not 0 <= amount < LARGEST:
        raise UnableToPlan(_("The budget must not be negative or larger than a trillion."))
    return amount.quantize(Decimal("0.01"))
