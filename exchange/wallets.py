"""What a user has and how it has done: balances, positions, equity. Called on an event loop.

Balances and equity are what the hot Redis has now. What positions cost is what the ledger makes of
the user's past: where it has not caught up with the balances, that is left open rather than wrong.
"""

from collections.abc import Iterable, Mapping, Sequence

from exchange import ledger_access
from exchange.domain.portfolio import equity_units, position_body
from exchange.messages import BalanceBody, PositionBody, WalletBody
from ledger.domain.positions import NOTHING, Holdings, add_up
from ledger.positions import HoldingsAsOf, holdings_of
from marketdata import listing
from marketdata.domain.markets import Market
from matching import runtime
from matching.domain import decimals
from matching.domain.errors import ErrorCode, ExchangeError
from matching.domain.state import Balance
from matching.domain.values import QUOTE_ASSET, QUOTE_DECIMALS, Ticks

Totals = Mapping[str, int]
LastTicks = Mapping[str, Ticks | None]


async def wallet(user_id: int) -> WalletBody:
    """Return a user's wallet. Raises ExchangeError UNAVAILABLE (no market has an asset yet)."""
    state = runtime.state()
    # Read before the balances: a ledger that has come so far has all that is in them.
    lasts = [await state.last_sequence(shard) for shard in range(runtime.config().shards)]
    balances = await state.wallet(user_id)
    totals = {asset: int(balance.total) for asset, balance in balances.items()}
    holdings = await _holdings(user_id, totals, lasts)
    markets = await _markets_of(totals.keys() | (holdings or {}).keys())
    ticks = {asset: await _last_ticks(market) for asset, market in markets.items()}
    equity = equity_units(totals, markets, ticks)
    return WalletBody(
        balances=[_balance_body(*item, markets) for item in balances.items()],
        positions=_positions(totals, holdings, markets, ticks),
        equity_usd=decimals.from_units(equity, QUOTE_DECIMALS),
    )


async def _holdings(user_id: int, totals: Totals, lasts: Sequence[int]) -> Holdings | None:
    """Return what the user holds and what it cost; None where the ledger cannot tell yet."""
    try:
        found = await _ask(user_id, len(lasts))
        if not _is_current(found, totals, lasts):
            for shard, last in enumerate(lasts):
                await ledger_access.catch_up(shard, last)
            found = await _ask(user_id, len(lasts))
    except ExchangeError:
        return None  # The ledger is away; the balances are not.
    if not _is_current(found, totals, lasts):
        return None
    return add_up(part.holdings for part in found)


async def _ask(user_id: int, shards: int) -> list[HoldingsAsOf]:
    return [await ledger_access.ask(holdings_of, user_id, shard=shard) for shard in range(shards)]


def _is_current(found: Sequence[HoldingsAsOf], totals: Totals, lasts: Sequence[int]) -> bool:
    """Tell whether all that made the totals is in the holdings: so it is where both agree, too."""
    if all(part.sequence >= last for part, last in zip(found, lasts, strict=True)):
        return True
    held = add_up(part.holdings for part in found)
    assets = held.keys() | totals.keys()
    return all(held.get(asset, NOTHING).units == totals.get(asset, 0) for asset in assets)


def _positions(
    totals: Totals, holdings: Holdings | None, markets: Mapping[str, Market], ticks: LastTicks
) -> list[PositionBody]:
    found = []
    for asset, market in sorted(markets.items()):
        held = None if holdings is None else holdings.get(asset, NOTHING)
        units = totals.get(asset, 0) if held is None else held.units
        if units or (held and held.realised):
            found.append(position_body(market, units=units, held=held, last_ticks=ticks[asset]))
    return found


def _balance_body(asset: str, balance: Balance, markets: Mapping[str, Market]) -> BalanceBody:
    places = QUOTE_DECIMALS if asset == QUOTE_ASSET else markets[asset].base_decimals
    return BalanceBody(
        asset=asset,
        available=decimals.from_units(balance.available, places),
        reserved=decimals.from_units(balance.reserved, places),
        total=decimals.from_units(balance.total, places),
    )


async def _last_ticks(market: Market) -> Ticks | None:
    found = await runtime.state().market(market.symbol)
    return found.last_price_ticks if found else None


async def _markets_of(assets: Iterable[str]) -> dict[str, Market]:
    """Return base asset → its market; reads the listing again for one younger than the copy."""
    wanted = set(assets) - {QUOTE_ASSET}
    known = await _listed()
    if not known.keys() >= wanted:
        listing.forget()
        known = await _listed()
    unlisted = wanted - known.keys()
    if unlisted:
        raise ExchangeError(
            ErrorCode.UNAVAILABLE,
            f"The listing of markets does not say yet what {min(unlisted)} is; ask again.",
        )
    return {asset: known[asset] for asset in wanted}


async def _listed() -> dict[str, Market]:
    return {market.base: market for market in await listing.all_async()}
