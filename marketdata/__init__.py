"""Market data: the listing of markets, and everything public made from the event log.

`listing` says what is traded and in which steps; `feed` and `candles` turn events into what people
see; `simulator` is the crowd that trades. Nothing here writes wallets or books.
"""
