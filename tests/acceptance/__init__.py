"""Drives a whole running stack from outside, as users, programs and accidents do."""
