"""The addresses of the pages."""

from django.urls import URLPattern, URLResolver, include, path

from entact.conduct import views
from entact.conduct.language.views import choose_language
from entact.conduct.locks.views import lock_study
from entact.conduct.queries.views import export_queries, show_queries

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.show_study, name="study"),
    path("schedule.css", views.show_style, name="style"),
    path("participants/", views.show_participants, name="participants"),
    path("participants/export.csv", views.export_participants, name="export_participants"),
    path("", include("entact.conduct.admission.urls")),
    path("", include("entact.conduct.blinding.urls")),  # before forms: no form is called guess
    path("find/", views.find, name="find"),
    path("dashboard/", views.show_dashboard, name="dashboard"),
    path("participants/<str:key>/", views.show_participant, name="participant"),
    path("participants/<str:key>/casebook.pdf", views.give_casebook, name="casebook"),
    path("participants/", include("entact.conduct.signatures.urls")),
    path("participants/", include("entact.conduct.queries.urls")),
    path("", include("entact.conduct.monitoring.urls")),
    path("participants/", include("entact.conduct.locks.urls")),
    path("", include("entact.conduct.medication.urls")),
    path("participants/", include("entact.conduct.consent.urls")),
    path("participants/", include("entact.conduct.stopping.urls")),
    path("participants/", include("entact.conduct.uploads.urls")),
    path("participants/", include("entact.conduct.eligibility.urls")),
    path("participants/", include("entact.conduct.allocation.urls")),
    path("participants/", include("entact.conduct.versions.urls")),
    path("participants/", include("entact.conduct.linking.urls")),
    path("", include("entact.conduct.supply.urls")),
    path("participants/", include("entact.conduct.entries.urls")),
    path("participants/", include("entact.conduct.visits.urls")),
    path("participants/", include("entact.conduct.forms.urls")),
    path("", include("entact.conduct.handed.urls")),
    path("session/", include("entact.conduct.session.urls")),
    path("queries/", show_queries, name="queries"),
    path("queries/export.csv", export_queries, name="export_queries"),
    path("forms/", include("entact.conduct.listings.urls")),
    path("deviations/", include("entact.conduct.deviations.urls")),
    path("", include("entact.conduct.reports.urls")),
    path("", include("entact.conduct.drift.urls")),
    path("", include("entact.conduct.fidelity.urls")),
    path("lock/", lock_study, name="lock_study"),
    path("", include("entact.conduct.allocation.public")),
    path("", include("entact.conduct.staff.urls")),
    path("", include("entact.conduct.releases.urls")),
    path("audit/", include("entact.conduct.audit.urls")),
    path("files/", include("entact.conduct.exports.urls")),
    path("", include("entact.conduct.rating.urls")),
    path("", include("entact.conduct.periodic.urls")),
    path("", include("entact.conduct.holds.urls")),
    path("language/", choose_language, name="language"),
    path("", include("entact.conduct.access.urls")),
]

handler404 = "entact.conduct.views.show_unknown"
