"""The addresses of the audit trail."""

from django.urls import URLPattern, path

from entact.conduct.audit import views

urlpatterns: list[URLPattern] = [
    path("", views.show_audit, name="audit"),
    path("export.<str:form>", views.export_audit, name="export_audit"),
]
