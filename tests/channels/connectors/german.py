"""What a connector says, as a German reader is told."""

from django.utils.translation import override

from channels.connectors.base import ConnectorError
from channels.told import Told


def told_in_german(error: ConnectorError) -> str:
    """The German text. Fails where a sentence of ours stays English; the platform's own words may."""
    with override("de"):
        text = str(Told(error.said))
        english = [str(one) for one in error.said if str(Told([one])) == str(one)]
    assert len(english) <= 1, english  # at most the platform's own words
    assert error.said
    assert str(error.said[0]) not in english, text
    return text
