"""The WSGI application: pages, API, and the tracking API for installations without a collector process of its own."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mops.settings")
application = get_wsgi_application()
gc.freeze()  # what is loaded now stays: no collection need look at it again
