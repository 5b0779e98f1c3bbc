"""The WebSocket door: frames in, answers and public pushes out. Mounted by `kalency.asgi`."""
