from typing import Any

from django.core.management.base import BaseCommand

from mops import live


class Command(BaseCommand):
    help = "Take events in and keep segments true, at once, until it is stopped. Several may run."

    def handle(self, *args: Any, **options: Any) -> None:
        live.main()
