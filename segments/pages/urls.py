"""Segments of one workspace. Every address of a fragment is a page as well."""

from django.urls import path

from segments.pages import builder, detail, index, listing, members, panel, person, states, suggesting, versioning

app_name = "segments"
urlpatterns = [
    path("", index.view, name="list"),
    path("new", builder.new, name="new"),
    path("new-list", listing.new, name="new_list"),
    path("preview", panel.view, name="preview"),
    path("suggest", suggesting.view, name="suggest"),
    path("people/<uuid:uuid>/", person.view, name="person"),
    path("<int:pk>/", detail.view, name="detail"),
    path("<int:pk>/figures", detail.figures, name="figures"),
    path("<int:pk>/build", states.progress, name="build"),
    path("<int:pk>/edit", builder.edit, name="edit"),
    path("<int:pk>/members", members.view, name="members"),
    path("<int:pk>/versions", versioning.view, name="versions"),
    path("<int:pk>/restore", versioning.restore, name="restore"),
    path("<int:pk>/duplicate", versioning.duplicate, name="duplicate"),
    path("<int:pk>/state", states.change, name="state"),
    path("<int:pk>/rebuild", states.rebuild, name="rebuild"),
    path("<int:pk>/cancel", states.cancel, name="cancel"),
    path("<int:pk>/details", listing.details, name="details"),
    path("<int:pk>/add", listing.add, name="add"),
    path("<int:pk>/remove", listing.remove, name="remove"),
]
