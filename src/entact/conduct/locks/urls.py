"""The addresses of freezing and locking a participant."""

from django.urls import URLPattern, path

from entact.conduct.locks import views

urlpatterns: list[URLPattern] = [path("<str:key>/lock/", views.lock_participant, name="lock")]
