"""The ASGI application: order entry and Django for HTTP, Channels for WebSocket.

Every view is synchronous, so Django runs as a WSGI application on a pool of threads: one hop to a
thread for a request, where Django's own ASGI handler makes one for each middleware.
"""

import os
import sys
from typing import Any, Final, cast

from a2wsgi import WSGIMiddleware
from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.wsgi import get_wsgi_application

HTTP_THREADS: Final = 16
# A request changes threads a few times; at Python's 5 ms, each change may wait for a busy thread.
THREAD_SWITCH_INTERVAL_S: Final = 0.0005

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kalency.settings")
sys.setswitchinterval(THREAD_SWITCH_INTERVAL_S)
django = get_wsgi_application()

from exchange.api.bodies import AsgiApp, ChunkedBodies  # noqa: E402 - needs loaded apps
from exchange.api.order_entry import OrderEntry  # noqa: E402 - likewise
from exchange.sockets.routing import websocket_urlpatterns  # noqa: E402 - likewise

# Three libraries, three exact types for the same protocols.
views = cast("AsgiApp", WSGIMiddleware(cast("Any", django), workers=HTTP_THREADS))
http = OrderEntry(ChunkedBodies(views))
application = ProtocolTypeRouter({"http": http, "websocket": URLRouter(websocket_urlpatterns)})
