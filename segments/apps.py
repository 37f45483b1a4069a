from django.apps import AppConfig


class SegmentsConfig(AppConfig):
    name = "segments"

    def ready(self) -> None:
        from django.db.models.signals import pre_delete

        from segments import rights
        from segments.engine import touched
        from segments.engine.writing import memberships_changed
        from segments.webhooks import outbox
        from tracking.changes import people_changed
        from tracking.models import Profile

        people_changed.connect(touched.note, dispatch_uid="segments.touched")
        pre_delete.connect(touched.note_deleted, sender=Profile, dispatch_uid="segments.deleted")
        memberships_changed.connect(outbox.note, dispatch_uid="segments.webhooks")
        rights.declare()
