"""The RSGI application of the collector process. The pages are served by mops.wsgi."""

import gc
import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mops.settings")
django.setup()  # first: what follows needs the apps

from tracking.collector.server import Collector  # noqa: E402

application = Collector()
gc.freeze()  # what is loaded now stays: no collection need look at it again
