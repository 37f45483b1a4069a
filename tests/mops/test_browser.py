"""The browser of the tests opens our pages and nothing else."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page
    from pytest_django.live_server_helper import LiveServer

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_it_opens_a_page_of_ours(page: "Page", live_server: "LiveServer") -> None:
    page.goto(f"{live_server.url}/healthz")
    assert page.inner_text("body") == "ok"


def test_it_finds_no_other_machine(page: "Page") -> None:
    from playwright.sync_api import Error

    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        page.goto("http://platform.example/")
