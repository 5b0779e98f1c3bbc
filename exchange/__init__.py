"""The front door: orders, wallet view, staff controls; REST in `api`, WebSocket in `sockets`.

Both translate and call the same `services` and `selectors`; nothing here matches anything.
"""
