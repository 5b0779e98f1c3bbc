"""The wallet over REST: positions, PnL and equity to the last digit, and assets not heard of."""

from dataclasses import replace
from typing import Any

from accounts.funds import funds_move
from accounts.models import User
from exchange.funding import account_fund
from marketdata import listing
from marketdata.models import MarketListing
from matching.domain.values import Units
from matching.runtime import run_blocking
from tests.accounts.rest import Rest
from tests.exchange.markets import BTC_USD
from tests.exchange.trading import limit, market, wallet

ETH_USD = replace(BTC_USD, symbol="ETH-USD", base="ETH")


def position(person: Rest) -> Any:
    """The one position, without its symbol."""
    (found,) = person.get("wallet").ok()["positions"]
    assert found.pop("symbol") == "BTC-USD"
    return tuple(found.values())


def equity(person: Rest) -> str:
    return str(person.get("wallet").ok()["equityUsd"])


def test_pnl_is_by_average_cost_on_both_sides_of_a_trade(
    ann: Rest, rest: Rest, ledger: None
) -> None:
    carol = rest.registered("carol")
    ann.post("orders", limit("SELL", "60000.00", "1.0000")).ok(201)
    carol.post("orders", market("BUY", "1.0000")).ok(201)
    # Carol pays 60,000 and gets 1 less the taker's fee of 5 bps: 0.9995, at 60,000 / 0.9995 each.
    # They are worth 0.9995 x 60,000 = 59,970. She has 40,000 USD left.
    assert position(carol) == ("0.99950000", "60030.015008", "60000.00", "-30.000000", "0.000000")
    assert equity(carol) == "99970.000000"
    # Ann's 10 came in before there was a price, for nothing: so all of it is gain. She gets 60,000
    # less the maker's fee of 1 bp; 9 are left, worth 540,000.
    assert position(ann) == ("9.00000000", "0.000000", "60000.00", "540000.000000", "59994.000000")
    assert equity(ann) == "699994.000000"

    carol.post("orders", limit("SELL", "63000.00", "0.4000")).ok(201)
    ann.post("orders", market("BUY", "0.4000")).ok(201)
    # 0.4 of 0.9995 take 60,000 x 0.4 / 0.9995 = 24,012.006003 of the cost, and bring 25,200 less
    # 2.52: 25,197.48 - 24,012.006003 = 1,185.473997. What is left cost 35,987.993997 and is worth
    # 0.5995 x 63,000 = 37,768.50, which is 1,780.506003 more.
    assert position(carol) == (
        *("0.59950000", "60030.015008", "63000.00"),
        *("1780.506003", "1185.473997"),
    )
    assert equity(carol) == "102965.980000"  # 40,000 + 25,197.48 + 37,768.50
    # Ann pays 25,200 for 0.4 less 0.0002: of 9.3998 each cost 25,200 / 9.3998, and they are worth
    # 9.3998 x 63,000 = 592,187.40.
    assert position(ann) == (
        *("9.39980000", "2680.908104", "63000.00"),
        *("566987.400000", "59994.000000"),
    )

    account_fund(username="carol", asset="BTC", amount="0.1")
    # At the last price: 6,300 more, 42,287.993997 for 0.6995.
    assert position(carol)[1:] == ("60454.601854", "63000.00", "1780.506003", "1185.473997")
    account_fund(username="carol", asset="BTC", amount="-0.6995")
    assert position(carol) == ("0.00000000", None, "63000.00", "0.000000", "1185.473997")


def test_a_wallet_of_money_alone_has_no_position(rest: Rest, ledger: None) -> None:
    assert rest.registered("carol").get("wallet").ok() == {
        "balances": [
            {
                "asset": "USD",
                "available": "100000.000000",
                "reserved": "0.000000",
                "total": "100000.000000",
            }
        ],
        "positions": [],
        "equityUsd": "100000.000000",
    }


def test_what_is_reserved_is_held(ann: Rest, ledger: None) -> None:
    ann.post("orders", limit("SELL", "60000.00", "4.0000")).ok(201)
    assert position(ann) == ("10.00000000", "0.000000", None, "0.000000", "0.000000")


def test_what_the_ledger_does_not_know_yet_is_left_open(ann: Rest, bob: Rest) -> None:
    ann.post("orders", limit("SELL", "60000.00", "1.0000")).ok(201)
    bob.post("orders", market("BUY", "1.0000")).ok(201)
    assert position(bob) == ("10.99950000", None, "60000.00", None, None)
    assert equity(bob) == "699970.000000"  # 40,000 + 10.9995 x 60,000
    assert wallet(bob)["USD"] == ("40000.000000", "0.000000")


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
