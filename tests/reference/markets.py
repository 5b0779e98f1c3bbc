"""Listing markets, changing what may change of them, pausing and halting."""

from typing import Final

from matching.domain import events
from matching.domain.commands import DefineMarket, SetMarketStatus
from matching.domain.errors import ErrorCode
from matching.domain.values import MAX_AMOUNT
from tests.reference.placing import BPS
from tests.reference.state import Market, State, terms_of
from tests.reference.trading import PPM

# What a listed market can never change: open orders and balances are counted in them.
FIXED: Final = ("base", "quote", "lot_units", "tick_lot_units")


def define(state: State, command: DefineMarket) -> None:
    """List a market, or give a listed one other filters and fees."""
    wrong = _fault(command)
    if wrong:
        return state.refuse(0, "define-market", ErrorCode.INVALID_REQUEST, wrong)
    market = state.markets.setdefault(command.symbol, Market(command))
    for name in FIXED:
        if getattr(market.terms, name) != getattr(command, name):
            detail = f"{name} of a listed market cannot change"
            return state.refuse(0, "define-market", ErrorCode.CONFLICT, detail)
    market.terms = command
    return state.emit(events.MarketDefined, **terms_of(command))


def _fault(terms: DefineMarket) -> str | None:
    """Return why such a market cannot be, if so: every amount must stay within 2^53-1."""
    if terms.symbol != f"{terms.base}-{terms.quote}":
        return "symbol is not base-quote"
    if terms.lot_units < 1 or terms.tick_lot_units < 1:
        return "a lot or a tick is worth nothing"
    if not 1 <= terms.min_qty_lots <= terms.max_qty_lots or terms.max_price_ticks < 1:
        return "the bounds leave no quantity or no price"
    if terms.max_price_ticks * terms.max_qty_lots * terms.tick_lot_units > MAX_AMOUNT:
        return "the largest notional does not fit"
    if terms.max_qty_lots * terms.lot_units > MAX_AMOUNT:
        return "the largest quantity does not fit"
    if terms.max_price_ticks * BPS > MAX_AMOUNT:
        return "the largest price does not fit"
    if terms.price_band_bps > BPS:
        return "the price band is over 100 percent"
    if max(terms.maker_fee_ppm, terms.taker_fee_ppm) > PPM:
        return "a fee is over 100 percent"
    return None


def set_status(state: State, command: SetMarketStatus) -> None:
    """Pause, halt or resume a market."""
    market = state.markets.get(command.symbol)
    if market is None:
        return state.refuse(0, "market-status", ErrorCode.UNKNOWN_SYMBOL)
    market.status = command.status
    return state.emit(events.MarketStatusChanged, **terms_of(command))
