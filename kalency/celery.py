"""The Celery application; its tasks live with what they serve. Beat's schedule is in settings."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kalency.settings")

app = Celery("kalency")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["ledger", "marketdata.candles", "marketdata.simulator"])
