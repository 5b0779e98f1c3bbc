/** The candlestick chart of the market on screen, in one of five timeframes. */
import { useState } from "react";
import type { Market } from "@/api/types";
import { TIMEFRAMES, type Timeframe } from "@/domain/candles";
import { Panel } from "@/ui/Panel";
import { LoadingRows, Placeholder } from "@/ui/Placeholder";
import { Segmented } from "@/ui/Segmented";
import { CandleChart } from "./CandleChart";
import styles from "./Chart.module.css";
import { useCandles } from "./useCandles";

const OPTIONS = TIMEFRAMES.map((timeframe) => ({ value: timeframe, label: timeframe }));

export function ChartPanel({ market }: { market: Market | null }) {
  const [timeframe, setTimeframe] = useState<Timeframe>("1m");
  return (
    <Panel
      title="Chart"
      area="chart"
      aside={
        <>
          <Attribution />
          <Segmented
            legend="Timeframe"
            options={OPTIONS}
            value={timeframe}
            onChange={setTimeframe}
          />
        </>
      }
    >
      {market ? (
        <Candles key={`${market.symbol} ${timeframe}`} market={market} timeframe={timeframe} />
      ) : (
        <LoadingRows count={3} />
      )}
    </Panel>
  );
}

function Candles({ market, timeframe }: { market: Market; timeframe: Timeframe }) {
  const { series, failure } = useCandles(market.symbol, timeframe);
  if (!series) {
    return failure ? <Placeholder>{failure} Trying again…</Placeholder> : <LoadingRows count={3} />;
  }
  if (series.length === 0) return <Placeholder>No trade yet.</Placeholder>;
  return (
    <>
      <CandleChart market={market} timeframe={timeframe} series={series} />
      {failure && (
        <p className={styles.failure} role="status">
          History is not up to date: {failure}
        </p>
      )}
    </>
  );
}

/** The chart library's licence asks for this link on the page. */
function Attribution() {
  return (
    <a
      className={styles.attribution}
      href="https://www.tradingview.com/"
      target="_blank"
      rel="noreferrer"
    >
      by TradingView
    </a>
  );
}
