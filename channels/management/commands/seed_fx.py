from typing import Any

from django.core.management.base import BaseCommand

from channels import fx


class Command(BaseCommand):
    help = "Load the ECB's exchange rates since 2019 that come with the installation; later days arrive daily."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{fx.seed()} exchange rates stored.")
