"""The addresses of the pages."""

from django.urls import URLPattern, URLResolver, path

from entact.conduct import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.show_study, name="study"),
    path("participants/", views.show_participants, name="participants"),
    path("participants/<str:key>/", views.show_participant, name="participant"),
]

handler404 = "entact.conduct.views.show_unknown"
