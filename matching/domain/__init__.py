"""Pure values of the matching language: no Redis, no Django, no clock, no chance."""
