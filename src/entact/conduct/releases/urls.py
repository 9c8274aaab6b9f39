"""The address of what a release would do."""

from django.urls import URLPattern, path

from entact.conduct.releases import views

urlpatterns: list[URLPattern] = [path("releases/preview/", views.preview_release, name="preview_release")]
