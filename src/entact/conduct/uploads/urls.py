"""The address of a participant's file."""

from django.urls import URLPattern, path

from entact.conduct.uploads.views import give_file

urlpatterns: list[URLPattern] = [
    path("<str:key>/file/<str:digest>/", give_file, name="file"),
]
