"""The market the front door's tests trade in: cents, ten-thousandths of a BTC, a fee each."""

from decimal import Decimal

from marketdata.domain.market_rules import new_market
from marketdata.domain.markets import Market

BTC_USD: Market = new_market(
    symbol="BTC-USD",
    tick_size=Decimal("0.01"),
    lot_size=Decimal("0.0001"),
    min_qty=Decimal("0.0001"),
    max_qty=Decimal("100"),
    min_notional=Decimal("1"),
    price_band_pct=Decimal("10"),
    maker_fee_bps=Decimal("1"),
    taker_fee_bps=Decimal("5"),
    simulated=False,
    base_decimals=8,
)
