"""The frames of a socket: what a client may ask, and how it is answered. Pure."""

from typing import Annotated, Any

import msgspec

from accounts.rest.request_form import NOT_JSON
from accounts.rest.wire import Form
from exchange.messages import BatchForm, ErrorBody, NewOrder, error_envelope
from exchange.sockets.limits import MAX_CHANNELS_PER_FRAME
from matching.domain.errors import ExchangeError

RequestId = int | str | None

Text = Annotated[str, msgspec.Meta(max_length=4096)]
ChannelName = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
ChannelNames = Annotated[
    list[ChannelName], msgspec.Meta(min_length=1, max_length=MAX_CHANNELS_PER_FRAME)
]


class BadFrame(Exception):  # noqa: N818 - what it is, in the words of the contract
    """A frame that is no JSON object: whoever sends it does not speak this protocol."""


class Head(msgspec.Struct, frozen=True):
    """What every request has; the rest depends on `op`."""

    id: msgspec.Raw = msgspec.Raw(b"null")
    op: msgspec.Raw = msgspec.Raw(b"null")


class Request(Form, frozen=True, kw_only=True):
    """Shared by all requests."""

    op: str
    id: RequestId = None


class Subscribe(Request, frozen=True, kw_only=True):
    channels: ChannelNames


class Unsubscribe(Request, frozen=True, kw_only=True):
    channels: ChannelNames


class Auth(Request, frozen=True, kw_only=True):
    """One of the two."""

    token: Text | None = None
    api_key: Text | None = None


class Ping(Request, frozen=True, kw_only=True):
    """Asks for a sign of life."""


class PlaceFrame(NewOrder, frozen=True, kw_only=True):
    """An order, its fields beside those of the request."""

    op: str
    id: RequestId = None


class CancelFrame(Request, frozen=True, kw_only=True):
    order_id: str


class CancelAllFrame(Request, frozen=True, kw_only=True):
    """Without `symbol`, in every market."""

    symbol: str = ""


class BatchFrame(BatchForm, frozen=True, kw_only=True):
    """Places and cancels, as `POST /v1/orders/batch` takes them."""

    op: str
    id: RequestId = None


class Answer(msgspec.Struct, frozen=True):
    """The answer to a request that was carried out."""

    id: RequestId
    result: Any


class Refusal(msgspec.Struct, frozen=True):
    """The answer to a request that was not."""

    id: RequestId
    error: ErrorBody


_read_head = msgspec.json.Decoder(Head)
_read_word: msgspec.json.Decoder[RequestId] = msgspec.json.Decoder(int | str | None)
_encoder = msgspec.json.Encoder()


def read_head(frame: bytes) -> tuple[RequestId, str]:
    """Return a frame's request id and op; what is no id or op counts as absent. Raises BadFrame."""
    try:
        head = _read_head.decode(frame)
    except NOT_JSON:
        raise BadFrame from None
    op = _word(head.op)
    return _word(head.id), op if isinstance(op, str) else ""


def answer_text(request_id: RequestId, result: Any) -> str:
    """Return the frame that answers a request."""
    return encode(Answer(request_id, result))


def refusal_text(request_id: RequestId, error: ExchangeError) -> str:
    """Return the frame that refuses a request."""
    return encode(Refusal(request_id, error_envelope(error).error))


def encode(frame: Answer | Refusal) -> str:
    return _encoder.encode(frame).decode()


def _word(raw: msgspec.Raw) -> RequestId:
    try:
        return _read_word.decode(raw)
    except NOT_JSON:
        return None
