"""The address of with whom somebody takes part."""

from django.urls import URLPattern, path

from entact.conduct.linking import views

urlpatterns: list[URLPattern] = [path("<str:key>/link/", views.show_link, name="link")]
