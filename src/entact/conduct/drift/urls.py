"""Addresses of second ratings and drift."""

from __future__ import annotations

from django.urls import URLPattern, path

from entact.conduct.drift import views

urlpatterns: list[URLPattern] = [
    path("raters/", views.show_drift, name="drift"),
    path("again/", views.show_again, name="again"),
    path("again/<str:token>/", views.rate_again, name="rate_again"),
]
