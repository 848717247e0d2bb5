"""A server with django-eventstream in one process, without storage: its view, and a request that sends to a channel."""

from __future__ import annotations

import json

from django.conf import settings
from django.core.asgi import get_asgi_application
from django.http import HttpRequest, HttpResponse
from django.urls import path

settings.configure(
    DEBUG=False,
    ALLOWED_HOSTS=["127.0.0.1"],
    SECRET_KEY="of a benchmark on loopback: it signs nothing",
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django_eventstream"],
    MIDDLEWARE=[],
    DATABASES={},
)
app = get_asgi_application()

# It looks for its models, which are there only when Django is set up.
from django_eventstream import send_event  # noqa: E402
from django_eventstream.views import events  # noqa: E402


async def publish(request: HttpRequest) -> HttpResponse:
    """To all streams."""
    send_event("all", "notification", json.loads(request.body))
    return HttpResponse(status=201)


urlpatterns = [path("stream", events, {"channels": ["all"]}), path("publish", publish)]
