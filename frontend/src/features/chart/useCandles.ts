/** A candle feed for as long as a chart shows it. */
import { useEffect, useState } from "react";
import type { Timeframe } from "@/domain/candles";
import { CandleFeed, type CandleState } from "@/state/candleFeed";
import { useServices } from "@/state/services";

const NOTHING: CandleState = { series: null, failure: null };

export function useCandles(symbol: string | undefined, timeframe: Timeframe): CandleState {
  const { api, feed } = useServices();
  const subject = `${symbol} ${timeframe}`;
  const [held, setHeld] = useState({ subject, state: NOTHING });
  useEffect(() => {
    if (!symbol) return;
    const candles = new CandleFeed(api, feed, symbol, timeframe);
    const unsubscribe = candles.store.subscribe((state) =>
      setHeld({ subject: `${symbol} ${timeframe}`, state }),
    );
    return () => {
      unsubscribe();
      candles.stop();
    };
  }, [api, feed, symbol, timeframe]);
  // What is held may still be of the market or timeframe before.
  return held.subject === subject ? held.state : NOTHING;
}
