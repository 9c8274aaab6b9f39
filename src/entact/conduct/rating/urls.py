"""Addresses of assessments: a token, and nothing that tells of whom or where."""

from __future__ import annotations

from django.urls import URLPattern, path

from entact.conduct.rating import views

urlpatterns: list[URLPattern] = [
    path("assessments/", views.show_ratings, name="ratings"),
    path("assessments/<str:token>/", views.show_rating, name="rating"),
    path("assessments/<str:token>/<str:form>/", views.rate, name="rate"),
    path("assessments/<str:token>/<str:form>/look/", views.look_at_rating, name="look_at_rating"),
    path("told-by-raters/<str:key>/<str:entry>/", views.show_told, name="rater_told"),
]
