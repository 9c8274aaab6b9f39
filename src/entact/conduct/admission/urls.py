"""The addresses of screening."""

from django.urls import URLPattern, path

from entact.conduct.admission import views

urlpatterns: list[URLPattern] = [
    path("participants/new/", views.new_participant, name="new_participant"),
    path("participants/<str:key>/screening/", views.show_screening, name="screening"),
    path("screening/", views.show_log, name="screening_log"),
]
