"""The addresses of releases, and of what one would do."""

from django.urls import URLPattern, path

from entact.conduct.releases import views

urlpatterns: list[URLPattern] = [
    path("releases/", views.show_releases, name="releases"),
    path("releases/preview/", views.preview_release, name="preview_release"),
]
