"""The Django project: settings, entry points, the embedded stack, health. No business rules."""

from kalency.celery import app as celery_app

__all__ = ["celery_app"]
