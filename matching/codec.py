"""MessagePack on the streams: commands out, events and acks in. Used by client, readers and tests.

A command entry has the fields `gateway` (who asks), `ts` (microseconds) and `commands` (an array of
commands). An event entry has one field, `events`. An ack message is an array of
`[request_id, events]`: the answer to a command is the events it caused.
"""

from collections.abc import Mapping, Sequence

import msgspec

from matching.domain.commands import AnyCommand
from matching.domain.events import AnyEvent

_encoder = msgspec.msgpack.Encoder()
_events_decoder = msgspec.msgpack.Decoder(list[AnyEvent])
_parts_decoder = msgspec.msgpack.Decoder(list[msgspec.Raw])
_acks_decoder = msgspec.msgpack.Decoder(list[tuple[int, list[AnyEvent]]])


def encode_command_entry(
    *, gateway: str, ts_us: int, commands: Sequence[AnyCommand]
) -> dict[str, str | int | bytes]:
    """Return the fields of one command-stream entry."""
    return {"gateway": gateway, "ts": ts_us, "commands": _encoder.encode(commands)}


def decode_event_entry(fields: Mapping[bytes, bytes]) -> list[AnyEvent]:
    """Return the events of one event-stream entry, in sequence."""
    return _events_decoder.decode(fields[b"events"])


def split_event_entry(fields: Mapping[bytes, bytes]) -> list[bytes]:
    """Return the events of one event-stream entry as they are, each by itself."""
    return [bytes(event) for event in _parts_decoder.decode(fields[b"events"])]


def decode_acks(message: bytes) -> list[tuple[int, list[AnyEvent]]]:
    """Return `(request_id, events)` for each command an ack message answers."""
    return _acks_decoder.decode(message)
