"""The addresses of visits."""

from django.urls import URLPattern, path

from entact.conduct.visits import views

urlpatterns: list[URLPattern] = [
    path("<str:key>/visits/", views.show_matrix, name="matrix"),
    path("<str:key>/visits/unscheduled/", views.begin_unscheduled, name="unscheduled"),
    path("<str:key>/<str:visit>/", views.show_visit, name="visit"),
]
