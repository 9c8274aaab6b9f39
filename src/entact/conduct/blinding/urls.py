"""Addresses about blinding."""

from __future__ import annotations

from django.urls import URLPattern, path

from entact.conduct.blinding import views

urlpatterns: list[URLPattern] = [
    path("told/", views.say_told, name="told"),
    path("participants/<str:key>/<str:visit>/guess/", views.show_guess, name="guess"),
]
