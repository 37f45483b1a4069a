"""The project: settings, urls, Celery, the schedule, the demo. Wires the rooms together and is imported by none."""
