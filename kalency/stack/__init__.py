"""The one-command stack: real servers and every Kalency process, started and kept alive together.

`python -m kalency.stack` (`make run`) is the only way in. Nothing here loads the Django settings:
on a first start the secrets that they read do not exist yet. Read `services.py` for what runs and
in which order, then `supervisor.py` for how it is kept running.
"""
