import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mops.settings")
django = get_wsgi_application()  # first: what follows needs the apps

from tracking.collector.together import Together  # noqa: E402
from tracking.collector.wsgi import in_front_of  # noqa: E402

application = in_front_of(django, Together().store)
