/**
 * Candles as the chart needs them: folded from live trades between two answers of the server.
 * The server's candle always wins (`mergeCandles`); folding only keeps the newest one moving.
 */
import { add, compare, type Decimal } from "./decimal";
import type { Trade } from "./trade";

export const TIMEFRAMES = ["1s", "5s", "1m", "5m", "1h"] as const;
export type Timeframe = (typeof TIMEFRAMES)[number];

export const SECONDS: Record<Timeframe, number> = {
  "1s": 1,
  "5s": 5,
  "1m": 60,
  "5m": 300,
  "1h": 3600,
};

export interface Candle {
  /** Start of the bucket, in seconds since the epoch. */
  readonly start_s: number;
  readonly open: Decimal;
  readonly high: Decimal;
  readonly low: Decimal;
  readonly close: Decimal;
  readonly volume: Decimal;
}

/** As many candles as one series may hold: older ones fall off while the page stays open. */
export const MAX_CANDLES = 2000;

/** Start of the bucket a trade belongs to: that of its own time, not of its arrival. */
export function bucketStart(ts: string, timeframe: Timeframe): number {
  const seconds = SECONDS[timeframe];
  return Math.floor(Date.parse(ts) / 1000 / seconds) * seconds;
}

/** Put the server's candles over what is there: same bucket replaced, new ones added, in order. */
export function mergeCandles(series: readonly Candle[], fetched: readonly Candle[]): Candle[] {
  const byStart = new Map(series.map((candle) => [candle.start_s, candle]));
  for (const candle of fetched) {
    // An unchanged candle stays the same object, so that the chart redraws only what moved.
    const known = byStart.get(candle.start_s);
    if (!known || !sameCandle(known, candle)) byStart.set(candle.start_s, candle);
  }
  return [...byStart.values()].sort((a, b) => a.start_s - b.start_s).slice(-MAX_CANDLES);
}

function sameCandle(a: Candle, b: Candle): boolean {
  return (["open", "high", "low", "close", "volume"] as const).every(
    (field) => compare(a[field], b[field]) === 0,
  );
}

/**
 * Fold trades, oldest first, into a series. A trade older than the newest candle is left to the
 * next answer of the server.
 */
export function foldTrades(
  series: readonly Candle[],
  trades: readonly Trade[],
  timeframe: Timeframe,
): Candle[] {
  const next = [...series];
  for (const trade of trades) foldTrade(next, trade, timeframe);
  return next.slice(-MAX_CANDLES);
}

function foldTrade(series: Candle[], trade: Trade, timeframe: Timeframe): void {
  const start_s = bucketStart(trade.ts, timeframe);
  const last = series.at(-1);
  if (last && start_s < last.start_s) return;
  if (last && start_s === last.start_s) {
    series[series.length - 1] = extend(last, trade);
    return;
  }
  if (last) fillQuiet(series, last, start_s, SECONDS[timeframe]);
  series.push(begin(start_s, trade));
}

function begin(start_s: number, { price, qty }: Trade): Candle {
  return { start_s, open: price, high: price, low: price, close: price, volume: qty };
}

function extend(candle: Candle, { price, qty }: Trade): Candle {
  return {
    ...candle,
    high: compare(price, candle.high) > 0 ? price : candle.high,
    low: compare(price, candle.low) < 0 ? price : candle.low,
    close: price,
    volume: add(candle.volume, qty),
  };
}

/** Buckets nobody traded in carry the last close with no volume, as the server's do. */
function fillQuiet(series: Candle[], last: Candle, until_s: number, seconds: number): void {
  const from_s = Math.max(last.start_s + seconds, until_s - MAX_CANDLES * seconds);
  const { close } = last;
  for (let start_s = from_s; start_s < until_s; start_s += seconds) {
    series.push({ start_s, open: close, high: close, low: close, close, volume: "0" });
  }
}
