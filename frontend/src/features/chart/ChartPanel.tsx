/** The candlestick chart of the market on screen, in one of five timeframes. */
import type { Market } from "@/api/types";
import { TIMEFRAMES, type Timeframe } from "@/domain/candles";
import type { CandleState } from "@/state/candleFeed";
import { useMarketData } from "@/state/hooks";
import { usePreferences } from "@/state/preferences";
import { Panel } from "@/ui/Panel";
import { LoadingRows, Placeholder } from "@/ui/Placeholder";
import { Segmented } from "@/ui/Segmented";
import { CandleChart } from "./CandleChart";
import styles from "./Chart.module.css";
import { useCandles } from "./useCandles";

const OPTIONS = TIMEFRAMES.map((timeframe) => ({ value: timeframe, label: timeframe }));

export function ChartPanel({ market }: { market: Market | null }) {
  const { timeframe, setTimeframe } = usePreferences();
  const candles = useCandles(market?.symbol, timeframe);
  const live = useMarketData((data) => data.tapeFresh);
  return (
    <Panel
      title="Chart"
      area="chart"
      stale={candles.series !== null && (candles.failure !== null || !live)}
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
        <Candles market={market} timeframe={timeframe} candles={candles} />
      ) : (
        <LoadingRows count={3} />
      )}
    </Panel>
  );
}

interface CandlesProps {
  market: Market;
  timeframe: Timeframe;
  candles: CandleState;
}

function Candles({ market, timeframe, candles: { series, failure } }: CandlesProps) {
  if (series && series.length > 0) {
    return <CandleChart market={market} timeframe={timeframe} series={series} />;
  }
  if (series) return <Placeholder>No trade yet.</Placeholder>;
  return failure ? <Placeholder>{failure} Trying again…</Placeholder> : <LoadingRows count={3} />;
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
