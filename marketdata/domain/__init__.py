"""Pure values of market data: no Django, no Redis, no clock."""
