"""Tests of the project itself: its entry points and its health."""
