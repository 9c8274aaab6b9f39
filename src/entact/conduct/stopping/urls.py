"""The address of the ways in which taking part ends."""

from django.urls import URLPattern, path

from entact.conduct.stopping.views import show_ways

urlpatterns: list[URLPattern] = [
    path("<str:key>/stop/", show_ways, name="stop"),
]
