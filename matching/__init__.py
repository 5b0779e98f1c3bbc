"""Matching: commands, events, key names, the Lua function library, its worker and its client.

Everything here speaks integers (ticks, lots, smallest units). Nothing here knows HTTP, Postgres or
users' names; Django appears only in `apps.py` and `management/`.
"""
