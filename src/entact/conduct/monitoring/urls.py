"""The addresses of what monitors do."""

from django.urls import URLPattern, path

from entact.conduct.monitoring import views

urlpatterns: list[URLPattern] = [
    path("participants/<str:key>/verify/", views.verify_entries, name="verify"),
    path("monitoring/", views.show_worklist, name="worklist"),
    path("monitoring/<str:site>/", views.show_visits, name="monitoring_visits"),
    path("monitoring/<str:site>/<str:report>/", views.show_report, name="monitoring_report"),
    path("monitoring/<str:site>/<str:report>/report.pdf", views.give_report, name="monitoring_pdf"),
]
