"""The Django project: settings, entry points, the embedded stack, health. No business rules."""
