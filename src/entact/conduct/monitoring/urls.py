"""The addresses of what monitors do about one participant."""

from django.urls import URLPattern, path

from entact.conduct.monitoring import views

urlpatterns: list[URLPattern] = [path("<str:key>/verify/", views.verify_entries, name="verify")]
