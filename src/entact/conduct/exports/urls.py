"""The addresses of what leaves the record as files."""

from django.urls import URLPattern, path

from entact.conduct.exports import views

urlpatterns: list[URLPattern] = [
    path("", views.show_exports, name="exports"),
    path("<str:name>.csv", views.export_file, name="export"),
]
