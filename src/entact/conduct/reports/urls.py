"""Addresses of what is made of the whole record."""

from __future__ import annotations

from django.urls import URLPattern, path

from entact.conduct.reports import views

urlpatterns: list[URLPattern] = [path("blinding/", views.show_blinding, name="blinding")]
