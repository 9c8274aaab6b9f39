"""The addresses of an emergency unblinding."""

from django.urls import URLPattern, path

from entact.conduct.allocation import views

urlpatterns: list[URLPattern] = [
    path("<str:key>/emergency/", views.unblind_in_emergency, name="emergency"),
    path("<str:key>/emergency/<str:entry>/", views.answer_emergency, name="emergency_answer"),
]
