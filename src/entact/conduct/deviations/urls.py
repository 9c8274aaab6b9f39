"""The addresses of the deviation log."""

from __future__ import annotations

from django.urls import URLPattern, path

from entact.conduct.deviations import views

urlpatterns: list[URLPattern] = [
    path("", views.show_deviations, name="deviations"),
    path("export.csv", views.export_deviations, name="export_deviations"),
]
