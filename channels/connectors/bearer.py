"""A token on its way into a request, invisible to whoever prints the request's parts on the way."""

import requests
from requests.auth import AuthBase


class Secret(str):
    """A text that shows itself to nobody who prints it: error texts and crash reports print parameters and locals."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'…'"


class Bearer(AuthBase):
    """The token as a header. An auth object also keeps requests from taking one out of a .netrc file."""

    def __init__(self, token: str) -> None:
        self._token = Secret(token)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token:s}"
        return request
