"""The simulated crowd: agents with accounts of their own, who trade like everybody else.

They send their orders through the same client as the front door. Celery Beat starts one step a
second (`tasks`), `control` starts and stops the crowd, and every decision is pure (`domain`).
"""
