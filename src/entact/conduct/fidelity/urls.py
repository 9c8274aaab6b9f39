"""The address of the sample of sessions."""

from __future__ import annotations

from django.urls import URLPattern, path

from entact.conduct.fidelity import views

urlpatterns: list[URLPattern] = [path("fidelity/", views.show_sample, name="fidelity")]
