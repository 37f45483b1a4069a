"""The whole way, real clients and wires included, against the market's truth: to the cent, also after days went by."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from pytest_django.live_server_helper import LiveServer

from channels import fx, plan, states
from channels.models import AdAccount, Connection, DailyStatHistory
from mops.demo import reconcile, sample
from sandbox.clock import FixedClock
from sandbox.server import Sandbox
from sandbox.shop import Shop
from tests.channels.builders import a_workspace
from tests.sandbox_fixtures import NOW
from workspaces.models import ApiKey, Workspace

pytestmark = pytest.mark.django_db(transaction=True)


def connect_everything(workspace: Workspace, sandbox: Sandbox) -> None:
    for platform, token in sample.TOKENS.items():
        connection = Connection(workspace=workspace, platform=platform, name=platform)
        connection.credentials = token
        connection.save()
        states.check(connection)
        states.discover(connection)
    AdAccount.objects.update(selected=True)
    for account in AdAccount.objects.all():
        plan.backfill(account, since=sandbox.market.start)


def stand_at(instant: datetime, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "clock", FixedClock(instant))
    Path(settings.SANDBOX_CLOCK).write_text(json.dumps({"offset_seconds": 0, "frozen_at": instant.isoformat()}))


def tell_orders(workspace: Workspace, sandbox: Sandbox, address: str, until: datetime) -> None:
    key = ApiKey.generate()
    scopes = [ApiKey.Scope.ORDERS_WRITE]
    ApiKey.objects.create(workspace=workspace, name="shop", scopes=scopes, shown="x", key_hash=ApiKey.hash(key))
    Shop(sandbox.market, FixedClock(until)).tell(address, key, until)


def test_what_is_stored_equals_the_truth_today_and_on_earlier_days(
    platforms: Sandbox, live_server: LiveServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace, days = a_workspace(), [NOW, NOW + timedelta(days=1), NOW + timedelta(days=2)]
    for day in days:
        stand_at(day, platforms, monkeypatch)
        if day == NOW:
            connect_everything(workspace, platforms)
        fx.carry()
        reconcile.pull_moving_days(workspace, in_process=True)
        tell_orders(workspace, platforms, live_server.url, day)
        compared = reconcile.compare(workspace, platforms.market, day)
        assert compared.differences == []
        assert compared.cells > 150
    assert DailyStatHistory.objects.filter(workspace=workspace).count() > 20
    for day in days[:-1]:
        assert reconcile.compare_as_of(workspace, platforms.market, day).differences == []
