"""Steering the crowd: from code, which the admin endpoints call, and from the command line."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from marketdata import listing
from marketdata.domain.markets import Market
from marketdata.domain.seeds import SEEDS
from marketdata.simulator import control
from matching.domain.errors import ErrorCode, ExchangeError

pytestmark = pytest.mark.usefixtures("bus")


def test_profiles_are_set_for_one_market_or_for_all(btc: Market) -> None:
    listing.define(SEEDS[1])
    assert set(control.state().profiles.values()) == {"normal"}
    control.set_profile("crash", "ETH-USD")
    assert control.state().profiles["ETH-USD"] == "crash"
    assert control.state().profiles["BTC-USD"] == "normal"
    control.set_profile("calm")
    assert set(control.state().profiles.values()) == {"calm"}


@pytest.mark.parametrize(
    ("profile", "symbol", "code"),
    [
        ("mad", None, ErrorCode.INVALID_REQUEST),
        ("", None, ErrorCode.INVALID_REQUEST),
        ("calm", "DOG-USD", ErrorCode.UNKNOWN_SYMBOL),
        ("calm", "", ErrorCode.UNKNOWN_SYMBOL),
        ("calm", "*", ErrorCode.UNKNOWN_SYMBOL),
    ],
)
def test_a_profile_or_market_that_is_not_known_is_refused(
    btc: Market, profile: str, symbol: str | None, code: ErrorCode
) -> None:
    with pytest.raises(ExchangeError) as refused:
        control.set_profile(profile, symbol)
    assert refused.value.code is code


def sim(*arguments: str) -> str:
    out = StringIO()
    call_command("sim", *arguments, stdout=out)
    return out.getvalue()


def test_people_steer_the_crowd_from_the_command_line(btc: Market) -> None:
    assert "The crowd is resting." in sim("stop")
    assert "The crowd is trading." in sim("start")
    assert "wild" in sim("profile", "wild", "--symbol", "BTC-USD")
    expected = {"running": True, "profiles": {"BTC-USD": "wild"}}
    assert json.loads(sim("status", "--json")) == expected
    with pytest.raises(CommandError, match="UNKNOWN_SYMBOL"):
        sim("profile", "wild", "--symbol", "DOG-USD")
