"""The crowd's accounts: one maker and one taker for each market, and their money.

Agents are ordinary users without a password. What they own was deposited like anybody's, by
commands that end up in the ledger, and they get more the same way before they run out.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from django.contrib.auth.hashers import make_password

from accounts.models import User
from marketdata.domain.markets import Market
from marketdata.simulator.domain.characters import Character
from matching import runtime
from matching.client import MatchingClient, wall_clock_us
from matching.domain.commands import MoveFunds
from matching.domain.errors import ErrorCode
from matching.domain.events import CommandRefused
from matching.domain.state import Balance
from matching.domain.values import Ticks, Units

ROLES: Final = ("maker", "taker")
MAKER_LEVELS_WORTH: Final = 250
"""A maker's deposit of either asset, in usual levels: several times what a full ladder holds."""
TAKER_ORDERS_WORTH: Final = 2_000
REFILL_BELOW: Final = 4
"""An agent gets another deposit once less than a quarter of one is available."""
REFILL_EVERY_US: Final = 60_000_000
"""At most one refill of an asset in this time: the moment is part of its reference."""

log = logging.getLogger(__name__)

_known: dict[str, "Agents"] = {}


@dataclass(frozen=True, slots=True)
class Agents:
    """User ids of a market's agents."""

    maker: int
    taker: int


def of(market: Market) -> Agents:
    """Return a market's agents, made on first use."""
    found = _known.get(market.symbol)
    if found is None:
        maker, taker = (_user_id(_username(role, market.symbol)) for role in ROLES)
        found = _known[market.symbol] = Agents(maker=maker, taker=taker)
    return found


def ids_of(symbol: str) -> list[int]:
    """Return the user ids of a market's agents, as far as they exist."""
    names = [_username(role, symbol) for role in ROLES]
    return list(User.objects.filter(username__in=names).values_list("pk", flat=True))


def forget() -> None:
    """Look the agents up again when they are asked for next."""
    _known.clear()


def _username(role: str, symbol: str) -> str:
    """Return an agent's name; nobody can register one with a colon, so it is never a person's."""
    return f"sim-{role}:{symbol.lower()}"


def _user_id(username: str) -> int:
    unusable = {"password": make_password(None)}
    user, _created = User.objects.get_or_create(username=username, defaults=unusable)
    return user.pk


@dataclass(frozen=True, slots=True)
class Need:
    """How much of both assets an agent should be able to count on, in smallest units."""

    base: Units
    quote: Units


def needs(market: Market, character: Character, price_ticks: Ticks) -> tuple[Need, Need]:
    """Return what the maker and the taker of a market need at a price."""
    return (
        _need(market, price_ticks, character.level_notional * MAKER_LEVELS_WORTH),
        _need(market, price_ticks, character.take_notional * TAKER_ORDERS_WORTH),
    )


def _need(market: Market, price_ticks: Ticks, notional: int) -> Need:
    quote_units = notional * 10**market.quote_decimals
    lots = quote_units // (price_ticks * market.tick_lot_units)
    return Need(base=Units(lots * market.lot_units), quote=Units(quote_units))


async def refill(
    client: MatchingClient,
    *,
    user_id: int,
    market: Market,
    wallet: Mapping[str, Balance],
    need: Need,
) -> None:
    """Deposit what an agent needs of an asset of which too little is available."""
    shard = runtime.shard_of(market.symbol)
    for asset, wanted in ((market.base, need.base), (market.quote, need.quote)):
        balance = wallet.get(asset)
        if balance is not None and balance.available * REFILL_BELOW >= wanted:
            continue
        reference = f"sim:{user_id}:{asset}:{wall_clock_us() // REFILL_EVERY_US}"
        command = MoveFunds(user_id=user_id, asset=asset, amount=wanted, reference=reference)
        for event in await client.submit(command, shard=shard):
            if isinstance(event, CommandRefused) and event.reason is not ErrorCode.CONFLICT:
                log.warning("No %s for agent %d: %s %s", asset, user_id, event.reason, event.detail)
