"""The Celery task that moves the crowd; Celery Beat sends it once a second."""

from typing import Any

from celery import shared_task
from celery.signals import worker_init
from django.conf import settings

from marketdata.simulator import control, step


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]
def simulator_step() -> None:
    """Play one step; a step that comes while another runs does nothing."""
    step.run()


@worker_init.connect  # type: ignore[untyped-decorator]
def rest_unless_enabled(**_details: Any) -> None:
    """Begin without the crowd where it is switched off, also if an earlier run started it."""
    if not settings.SIMULATOR_ENABLED:
        control.forget_start()
