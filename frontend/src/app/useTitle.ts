/** The browser tab shows the last price, as traders expect of a tab they are not looking at. */
import { useEffect } from "react";
import type { Market } from "@/api/types";
import { decimalsOf } from "@/domain/decimal";
import { formatFixed } from "@/domain/format";
import { useMarketData } from "@/state/hooks";

export function useTitle(market: Market | null): void {
  const live = useMarketData((data) => (data.symbol === market?.symbol ? data.lastPrice : null));
  const price = live ?? market?.lastPrice;
  const title =
    market && price
      ? `${formatFixed(price, decimalsOf(market.tickSize))} ${market.symbol} · Kalency`
      : "Kalency";
  useEffect(() => {
    document.title = title;
  }, [title]);
}
