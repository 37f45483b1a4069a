"""The addresses other websites embed."""

import gzip

import pytest
from django.test import Client

from tracking.script.build import MANAGERS, UnableToBuild, build, minify

LARGEST = 3072  # bytes, gzipped


@pytest.mark.parametrize("manager", MANAGERS)
def test_the_script_is_small(client: Client, manager: str) -> None:
    response = client.get(f"/t.js?k=any&cmp={manager}", headers={"Accept-Encoding": "gzip, br"})
    assert response["Content-Encoding"] == "gzip"
    assert gzip.decompress(response.content) == build(f"t/{manager}.js")
    assert len(response.content) <= LARGEST


def test_it_is_kept_by_browsers_and_asked_for_again_by_its_tag(client: Client) -> None:
    response = client.get("/t.js?k=any")
    assert "max-age=86400" in response["Cache-Control"]
    assert response["Content-Type"] == "text/javascript; charset=utf-8"
    assert "Accept-Encoding" in response["Vary"]
    assert not response.cookies
    again = client.get("/t.js?k=any", headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    packed = client.get("/t.js?k=any", headers={"If-None-Match": response["ETag"], "Accept-Encoding": "gzip"})
    assert packed.status_code == 200  # another representation


def test_an_unknown_consent_manager_is_said_at_once(client: Client) -> None:
    assert client.get("/t.js?k=any&cmp=nobody").status_code == 404


def test_the_banner_keeps_the_licence_of_its_package(client: Client) -> None:
    assert b"Released under the MIT License" in client.get("/banner.js").content
    assert client.get("/banner.css")["Content-Type"].startswith("text/css")


def test_a_mistake_in_the_source_stops_the_build() -> None:
    with pytest.raises(UnableToBuild, match="Expected"):
        minify(b"function (")
