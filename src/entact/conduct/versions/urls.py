"""The address of versions of one entry."""

from django.urls import URLPattern, path

from entact.conduct.versions import views

urlpatterns: list[URLPattern] = [path("<str:key>/versions/", views.show_versions, name="versions")]
