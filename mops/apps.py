from django.apps import AppConfig


class MopsConfig(AppConfig):
    name = "mops"

    def ready(self) -> None:
        from mops import checks  # noqa: F401  registers the system checks
        from mops.celery import app  # noqa: F401  shared tasks bind to this app
