"""Calls to Meta's Graph API that fail loudly: no token in a URL, no broken answer taken for an empty one."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import requests
from facebook_business.api import FacebookAdsApi, FacebookResponse
from facebook_business.exceptions import FacebookError, FacebookRequestError
from facebook_business.session import FacebookSession

from channels.connectors import PLATFORMS
from channels.connectors.base import ConnectorError, Credentials, Endpoint, ErrorKind, Sentence, sentence
from channels.connectors.bearer import Bearer, Secret
from channels.connectors.meta.errors import refusal

AGAIN = sentence("The days are pulled again.")


class Answer(NamedTuple):
    """A whole JSON answer."""

    body: dict[str, Any]
    headers: Mapping[str, str]


class _Session(FacebookSession):  # type: ignore[misc]
    """The SDK's session puts token and proof into every URL, whence they reach proxies, logs and error texts."""

    def __init__(self, endpoint: Endpoint, token: str) -> None:
        super().__init__(timeout=endpoint.timeout)
        self.GRAPH = endpoint.api.rstrip("/")
        self.requests.params.clear()
        self.requests.auth = Bearer(token)
        self.requests.max_redirects = 0  # Graph never redirects; whatever does is not Graph
        if endpoint.ca_bundle:
            self.requests.verify = endpoint.ca_bundle


class Graph:
    """The Graph API for one token."""

    def __init__(self, endpoint: Endpoint, credentials: Credentials) -> None:
        self._timeout = endpoint.timeout
        self._token = Secret(credentials.access_token)
        # Never FacebookAdsApi.init(): it makes this token the default of the whole process.
        session = _Session(endpoint, credentials.access_token)
        self._api = FacebookAdsApi(session, api_version=endpoint.api_version or PLATFORMS["meta"].api_version)

    def get(self, *path: str, **params: Any) -> Answer:
        return self._call("GET", path, params)

    def post(self, *path: str, **params: Any) -> Answer:
        return self._call("POST", path, params)

    def debug_token(self) -> dict[str, Any]:
        """What Meta knows about the token. A GET dressed as POST: the token to inspect must not stand in the URL."""
        answer = self._call("POST", ("debug_token",), {"input_token": self._token, "method": "get"})
        found = answer.body.get("data")
        if not isinstance(found, dict):
            raise _broken(sentence("Meta answered without saying anything about the token."))
        return found

    def pages(self, *path: str, limit: int, **params: Any) -> Iterator[Answer]:
        """Every page of an edge. The SDK's cursor ends at an empty page in the middle."""
        after, seen = "", set[str]()
        while True:
            answer = self.get(*path, limit=limit, **params, **({"after": after} if after else {}))
            if not isinstance(answer.body.get("data"), list):
                raise _broken(sentence("Meta answered without rows."))
            yield answer
            paging = answer.body.get("paging") or {}
            if not paging.get("next"):
                return
            after = (paging.get("cursors") or {}).get("after") or ""
            if not after or after in seen:
                raise ConnectorError(ErrorKind.PARTIAL, sentence("Meta's pages run in a circle."), AGAIN)
            seen.add(after)

    def _call(self, method: str, path: tuple[str, ...], params: dict[str, Any]) -> Answer:
        try:
            return _whole(self._api.call(method, path, params=params))
        except FacebookRequestError as error:
            failure = refusal(error)
        except requests.Timeout:
            failure = _broken(sentence("Meta answered nothing within %(seconds)s seconds.", seconds=f"{self._timeout:g}"))
        except requests.RequestException as error:
            failure = ConnectorError(
                ErrorKind.TRANSIENT, sentence("The line to Meta broke (%(reason)s).", reason=type(error).__name__)
            )
        except (FacebookError, AttributeError, TypeError, ValueError):
            failure = _broken(sentence("Meta answered something that is not an answer."))
        # Outside of `except`: the cause holds the request with header and parameters, and would stay as context.
        raise _without(self._token, failure)


def _whole(response: FacebookResponse) -> Answer:
    status, body = response.status(), response.json()
    if status != 200:
        raise _broken(sentence("Meta answered with HTTP status %(status)s.", status=str(status)), code=f"http.{status}")
    if not isinstance(body, dict):
        raise ConnectorError(ErrorKind.PARTIAL, sentence("Meta's answer breaks off in the middle."), AGAIN)
    return Answer(body, response.headers())


def _broken(said: Sentence, code: str = "") -> ConnectorError:
    return ConnectorError(ErrorKind.TRANSIENT, said, sentence("This is usually over within minutes."), code=code)


def _without(secret: str, error: ConnectorError) -> ConnectorError:
    """Meta quotes malformed tokens in its messages."""
    if secret and secret in error.message:
        error.said = tuple(Sentence(one.text.replace(secret, "…"), one.values) for one in error.said)
        error.args = (error.message,)
    return error
