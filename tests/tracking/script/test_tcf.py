"""The TCF adapter against the IAB's own implementation of the interface, and its text against our reader."""

import subprocess
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings

from tests.tracking.script.site import Site
from tracking.consent.intake import signals

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@cache
def manager() -> str:
    """The page's consent manager as one script."""
    esbuild = next(settings.NODE_MODULES.glob("@esbuild/*/bin/esbuild"))
    source = Path(__file__).with_name("tcf_page.js")
    done = subprocess.run([esbuild, source, "--bundle", "--format=iife"], capture_output=True, text=True, check=True)
    return done.stdout.replace("</script", "<\\/script")


def test_it_follows_the_iabs_own_consent_manager(page: "Page", site: Site, errors: list[str]) -> None:
    page.goto(site.put("/", "", manager="tcf", head=f"<script>{manager()}</script>"))
    page.evaluate("ask()")
    page.wait_for_timeout(800)
    page.evaluate("choose([1, 7])")  # advertising, not the measuring of content
    page.evaluate("choose([1, 7, 8], [])")  # a text of 2.2, without disclosed vendors
    page.wait_for_timeout(800)
    assert site.batches == page.context.cookies() == []

    page.evaluate("choose([1, 7, 8])")
    site.wait(page, lambda: site.names == ["page"])
    assert signals(site.events[0]["context"])["analytics"] is True

    page.evaluate("ask()")  # opened again: what was chosen holds until it changes
    page.evaluate("mops('track', 'Tick')")
    site.wait(page, lambda: site.names == ["page", "Tick"])
    page.evaluate("choose([])")
    page.evaluate("mops('track', 'Tock')")
    page.wait_for_timeout(800)
    assert site.names == ["page", "Tick", "Consent Withdrawn"]
    assert set(signals(site.events[2]["context"]).values()) == {False}
    assert page.context.cookies() == [] == errors
