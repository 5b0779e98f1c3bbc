"""The Celery task that moves the crowd; Celery Beat sends it once a second."""

from celery import shared_task

from marketdata.simulator import step


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]
def simulator_step() -> None:
    """Play one step; a step that comes while another runs does nothing."""
    step.run()
