"""The addresses of unblinding: in an emergency, and as planned."""

from django.urls import URLPattern, path

from entact.conduct.allocation import planned, views

urlpatterns: list[URLPattern] = [
    path("<str:key>/emergency/", views.unblind_in_emergency, name="emergency"),
    path("<str:key>/emergency/<str:entry>/", views.answer_emergency, name="emergency_answer"),
    path("<str:key>/arm/", planned.show_arm, name="arm"),
]
