"""The ASGI application: Django for HTTP, Channels for WebSocket."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kalency.settings")
http = get_asgi_application()

from exchange.sockets.routing import websocket_urlpatterns  # noqa: E402 - needs loaded apps

application = ProtocolTypeRouter({"http": http, "websocket": URLRouter(websocket_urlpatterns)})
