"""Candles, made from trades and nothing else: a Celery task folds them, the REST endpoint reads."""
