"""A wallet that holds an asset of which this process has not heard."""

from dataclasses import replace

from accounts.funds import funds_move
from accounts.models import User
from marketdata import listing
from marketdata.models import MarketListing
from matching.domain.values import Units
from matching.runtime import run_blocking
from tests.accounts.rest import Rest
from tests.exchange.markets import BTC_USD
from tests.exchange.trading import wallet

ETH_USD = replace(BTC_USD, symbol="ETH-USD", base="ETH")


def test_an_asset_listed_by_another_process_is_shown_at_once(ann: Rest) -> None:
    listing.forget()
    listing.all()
    MarketListing.objects.create(**MarketListing.row_of(ETH_USD))
    fund("ann", "ETH", Units(150_000_000))
    assert wallet(ann)["ETH"] == ("1.50000000", "0.00000000")


def test_an_asset_that_nobody_lists_is_not_left_out(ann: Rest) -> None:
    fund("ann", "ETH", Units(1))
    answer = ann.get("wallet")
    assert (answer.status, answer.code) == (503, "UNAVAILABLE")


def fund(username: str, asset: str, amount: Units) -> None:
    """Deposit without asking the listing, as a process that knows the asset does."""
    user_id = User.objects.get(username=username).pk
    run_blocking(funds_move(user_id=user_id, asset=asset, amount=amount, reference="gift"))
