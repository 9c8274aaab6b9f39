"""Addresses of the reports on the whole study."""

from django.urls import URLPattern, path

from entact.conduct.periodic import views

urlpatterns: list[URLPattern] = [path("reports/", views.show_reports, name="periodic_reports")]
