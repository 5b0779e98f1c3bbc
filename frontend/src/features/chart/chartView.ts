/** The chart library behind three verbs: show a series, take the theme's colours, go away. */
import {
  CandlestickSeries,
  ColorType,
  CrosshairMode,
  createChart,
  HistogramSeries,
  type UTCTimestamp,
} from "lightweight-charts";
import { type Candle, SECONDS, type Timeframe } from "@/domain/candles";
import { type Decimal, decimalsOf, toDrawable } from "@/domain/decimal";
import { formatFixed } from "@/domain/format";
import { axisTime, crosshairTime } from "./chartTimes";
import { firstDifference } from "./firstDifference";

export interface ChartView {
  show(series: readonly Candle[]): void;
  recolour(): void;
  remove(): void;
}

interface ChartOptions {
  tickSize: Decimal;
  timeframe: Timeframe;
  /** The candle under the crosshair, or null. */
  onHover(start_s: number | null): void;
}

const BAR_PX = 7;
const EMPTY_BARS_AT_THE_RIGHT = 4;

export function createChartView(container: HTMLElement, options: ChartOptions): ChartView {
  const { tickSize, timeframe, onHover } = options;
  const decimals = decimalsOf(tickSize);
  const chart = createChart(container, {
    autoSize: true,
    // The library's own logo would need an inline style sheet; the panel carries the attribution.
    layout: { attributionLogo: false, fontSize: 11 },
    crosshair: { mode: CrosshairMode.Normal },
    rightPriceScale: { borderVisible: false, scaleMargins: { top: 0.12, bottom: 0.24 } },
    timeScale: {
      borderVisible: false,
      timeVisible: true,
      secondsVisible: SECONDS[timeframe] < 60,
      barSpacing: BAR_PX,
      rightOffset: EMPTY_BARS_AT_THE_RIGHT,
      tickMarkFormatter: axisTime,
    },
    localization: {
      timeFormatter: crosshairTime,
      priceFormatter: (price: number) => formatFixed(price.toFixed(decimals), decimals),
    },
  });
  const candles = chart.addSeries(CandlestickSeries, {
    priceFormat: { type: "price", precision: decimals, minMove: toDrawable(tickSize) },
  });
  const volume = chart.addSeries(HistogramSeries, {
    priceScaleId: "volume",
    priceFormat: { type: "volume" },
    lastValueVisible: false,
    priceLineVisible: false,
  });
  chart.priceScale("volume").applyOptions({ scaleMargins: { top: 0.84, bottom: 0 } });
  chart.subscribeCrosshairMove(({ time }) => onHover(typeof time === "number" ? time : null));

  let shown: readonly Candle[] = [];
  let colours = readColours(container);

  const toBar = ({ start_s, open, high, low, close }: Candle) => ({
    time: start_s as UTCTimestamp,
    open: toDrawable(open),
    high: toDrawable(high),
    low: toDrawable(low),
    close: toDrawable(close),
  });
  const toColumn = (candle: Candle) => ({
    time: candle.start_s as UTCTimestamp,
    value: toDrawable(candle.volume),
    color: toDrawable(candle.close) >= toDrawable(candle.open) ? colours.buyBar : colours.sellBar,
  });

  function show(series: readonly Candle[]): void {
    const from = firstDifference(shown, series);
    // Only the newest bar can be updated in place; anything older means drawing all again.
    if (shown.length > 0 && from >= shown.length - 1) {
      for (const candle of series.slice(from)) {
        candles.update(toBar(candle));
        volume.update(toColumn(candle));
      }
    } else {
      candles.setData(series.map(toBar));
      volume.setData(series.map(toColumn));
    }
    shown = series;
  }

  function recolour(): void {
    colours = readColours(container);
    const { panel, ink, line, strong, buy, sell } = colours;
    chart.applyOptions({
      layout: { background: { type: ColorType.Solid, color: panel }, textColor: ink },
      grid: { vertLines: { color: line }, horzLines: { color: line } },
      crosshair: {
        vertLine: { color: strong, labelBackgroundColor: strong },
        horzLine: { color: strong, labelBackgroundColor: strong },
      },
    });
    // Rising candles are hollow: the shape says what the colour says.
    candles.applyOptions({
      upColor: panel,
      borderUpColor: buy,
      wickUpColor: buy,
      downColor: sell,
      borderDownColor: sell,
      wickDownColor: sell,
    });
    volume.setData(shown.map(toColumn));
  }

  recolour();
  return { show, recolour, remove: () => chart.remove() };
}

function readColours(element: HTMLElement) {
  const style = getComputedStyle(element);
  const read = (name: string) => style.getPropertyValue(name).trim();
  return {
    panel: read("--panel"),
    ink: read("--ink-soft"),
    line: read("--line"),
    strong: read("--line-strong"),
    buy: read("--buy"),
    sell: read("--sell"),
    buyBar: read("--buy-bar"),
    sellBar: read("--sell-bar"),
  };
}
