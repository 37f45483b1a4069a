"""Members of a workspace and their browsers."""

from itertools import count

from django.test import Client

from tests.people import BACKEND, member, person
from workspaces.models import User, Workspace

numbers = count(1)


def a_member(workspace: Workspace, role: str = "owner", **fields: str) -> User:
    user = person(f"person{next(numbers)}", **fields)
    member(workspace, user, role)
    return user


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


def a_browser(workspace: Workspace, role: str = "owner") -> Client:
    """A logged-in member's browser."""
    return browser_of(a_member(workspace, role))
