"""The markets a fresh exchange lists. Pure data; `manage.py seed_markets` lists them."""

from decimal import Decimal
from typing import Final

from marketdata.domain.market_rules import new_market
from marketdata.domain.markets import Market

MIN_NOTIONAL: Final = Decimal(1)
PRICE_BAND_PCT: Final = Decimal(50)
MAKER_FEE_BPS: Final = Decimal(5)
TAKER_FEE_BPS: Final = Decimal(10)


def _seed(symbol: str, *, tick: str, lot: str, max_qty: int) -> Market:
    return new_market(
        symbol=symbol,
        tick_size=Decimal(tick),
        lot_size=Decimal(lot),
        min_qty=Decimal(lot),
        max_qty=Decimal(max_qty),
        min_notional=MIN_NOTIONAL,
        price_band_pct=PRICE_BAND_PCT,
        maker_fee_bps=MAKER_FEE_BPS,
        taker_fee_bps=TAKER_FEE_BPS,
        simulated=True,
    )


SEEDS: Final = (
    _seed("BTC-USD", tick="0.01", lot="0.0001", max_qty=500),
    _seed("ETH-USD", tick="0.01", lot="0.001", max_qty=5_000),
    _seed("SOL-USD", tick="0.01", lot="0.01", max_qty=50_000),
    _seed("LTC-USD", tick="0.01", lot="0.01", max_qty=50_000),
    _seed("AVAX-USD", tick="0.01", lot="0.01", max_qty=100_000),
    _seed("LINK-USD", tick="0.001", lot="0.01", max_qty=100_000),
    _seed("XRP-USD", tick="0.0001", lot="0.1", max_qty=5_000_000),
    _seed("ADA-USD", tick="0.0001", lot="0.1", max_qty=5_000_000),
    _seed("DOGE-USD", tick="0.00001", lot="1", max_qty=10_000_000),
    _seed("SHIB-USD", tick="0.00000001", lot="1000", max_qty=10_000_000_000),
)
