"""The addresses of the people of sites."""

from django.urls import URLPattern, path

from entact.conduct.session import measuring_views
from entact.conduct.staff import views

urlpatterns: list[URLPattern] = [
    path("sites/", views.show_sites, name="staff"),
    path("sites/<str:site>/staff/", views.show_log, name="delegation"),
    path("sites/<str:site>/devices/", measuring_views.show_devices, name="measuring"),
    path("roles/", views.show_roles, name="roles"),
    path("training/adverse-events/", views.show_training, name="event_training"),
]
