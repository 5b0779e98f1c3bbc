/** A candle feed for as long as a chart shows it. */
import { useEffect, useState } from "react";
import { useServices } from "@/app/services";
import type { Timeframe } from "@/domain/candles";
import { CandleFeed, type CandleState } from "@/state/candleFeed";

const NOTHING: CandleState = { series: null, failure: null };

/** Give the component a `key` of symbol and timeframe: a new pair starts from nothing. */
export function useCandles(symbol: string, timeframe: Timeframe): CandleState {
  const { api, feed } = useServices();
  const [state, setState] = useState(NOTHING);
  useEffect(() => {
    const candles = new CandleFeed(api, feed, symbol, timeframe);
    const unsubscribe = candles.store.subscribe(setState);
    return () => {
      unsubscribe();
      candles.stop();
    };
  }, [api, feed, symbol, timeframe]);
  return state;
}
