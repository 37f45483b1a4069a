"""Consent pages of one workspace. A person's identifier is posted, never part of an address."""

from django.urls import path

from tracking.consent import views

app_name = "consent"
urlpatterns = [
    path("", views.index, name="overview"),
    path("purposes/begin", views.begin, name="begin"),
    path("purposes/new", views.add_purpose, name="add_purpose"),
    path("purposes/<int:pk>/", views.purpose, name="purpose"),
    path("purposes/<int:pk>/edit", views.edit_purpose, name="edit_purpose"),
    path("person/", views.person, name="person"),
    path("person/proof.pdf", views.proof_pdf, name="proof"),
    path("person/refuse", views.refuse, name="refuse"),
    path("removals/", views.removals, name="removals"),
    path("import/", views.import_file, name="import"),
]
