"""The client libraries people already use, unmodified: every event of theirs is stored exactly once."""

from typing import Any

import pytest

from tests.chaos import sdks
from tests.tracking.sending import a_source
from tracking.ingest.run import run_batch
from tracking.models import Event
from workspaces.models import Workspace

EVENTS = 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("library", sdks.LIBRARIES)
def test_an_unmodified_client_library_delivers_every_event_once(library: str, workspace: Workspace, live_server: Any) -> None:
    source = a_source(workspace)
    sdks.send_with(library, live_server.url, source.write_key, EVENTS)
    while run_batch():
        pass
    assert sdks.stored(source) == sdks.expected(EVENTS)
    track = Event.objects.filter(type="track", properties__n=1).get()
    assert (track.name, track.user_id, track.properties["title"]) == ("Product Viewed", "u-1", "Zelt “Föhn” ⛺")
    assert track.occurred_at <= track.received_at
