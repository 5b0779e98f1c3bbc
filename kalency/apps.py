"""The Django app of the project itself; it makes `kalency` a place for project-wide parts."""

from django.apps import AppConfig


class KalencyConfig(AppConfig):
    name = "kalency"
    label = "kalency"
    verbose_name = "Kalency"
