"""The market feed: turns events into public pushes, encoded once, and hands them to sockets.

`run_market_feed` runs one `ShardFeed` for each shard; each web process has a `Hub` that receives
what they publish.
"""
