"""The address of signing."""

from django.urls import URLPattern, path

from entact.conduct.signatures import views

urlpatterns: list[URLPattern] = [path("<str:key>/sign/", views.sign_entries, name="sign")]
