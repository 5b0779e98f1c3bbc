/** Draws a series; what it shows under the crosshair, or last, is spelt out above it. */
import { useEffect, useRef, useState } from "react";
import type { Market } from "@/api/types";
import type { Candle, Timeframe } from "@/domain/candles";
import { usePreferences } from "@/state/preferences";
import styles from "./Chart.module.css";
import { type ChartView, createChartView } from "./chartView";
import { Legend } from "./Legend";

interface CandleChartProps {
  market: Market;
  timeframe: Timeframe;
  series: readonly Candle[];
}

export function CandleChart({ market, timeframe, series }: CandleChartProps) {
  const container = useRef<HTMLDivElement>(null);
  const view = useRef<ChartView | null>(null);
  const [hovered_s, setHovered] = useState<number | null>(null);
  const theme = usePreferences((preferences) => preferences.theme);
  const { tickSize } = market;

  useEffect(() => {
    if (!container.current) return;
    const created = createChartView(container.current, {
      tickSize,
      timeframe,
      onHover: setHovered,
    });
    view.current = created;
    return () => created.remove();
  }, [tickSize, timeframe]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the colours come from the theme's CSS
  useEffect(() => view.current?.recolour(), [theme]);
  useEffect(() => view.current?.show(series), [series]);

  const candle = series.find(({ start_s }) => start_s === hovered_s) ?? series.at(-1);
  return (
    <div className={styles.chart}>
      {candle && <Legend candle={candle} market={market} />}
      <div
        ref={container}
        className={styles.canvas}
        role="img"
        aria-label={`Candlesticks of ${market.symbol}, ${timeframe} each`}
      />
    </div>
  );
}
