import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { aTrade } from "@/testing/samples";
import { bucketStart, type Candle, foldTrades, MAX_CANDLES, mergeCandles } from "./candles";
import type { Trade } from "./trade";

const MINUTE_S = Date.parse("2026-01-02T03:04:00Z") / 1000;

const at = (second: number, price: string, qty = "1"): Trade =>
  aTrade({ ts: new Date((MINUTE_S + second) * 1000).toISOString(), price, qty });

const candle = (part: Partial<Candle> = {}): Candle => ({
  start_s: MINUTE_S,
  open: "100",
  high: "110",
  low: "95",
  close: "105",
  volume: "3",
  ...part,
});

describe("bucketStart", () => {
  test.each([
    ["1s", "2026-01-02T03:04:59.000000Z"],
    ["5s", "2026-01-02T03:04:55.000000Z"],
    ["1m", "2026-01-02T03:04:00.000000Z"],
    ["5m", "2026-01-02T03:00:00.000000Z"],
    ["1h", "2026-01-02T03:00:00.000000Z"],
  ] as const)("of %s candles is a multiple of it", (timeframe, start) => {
    expect(bucketStart("2026-01-02T03:04:59.999999Z", timeframe)).toBe(Date.parse(start) / 1000);
  });
});

describe("foldTrades", () => {
  test("moves the newest candle", () => {
    const [folded] = foldTrades([candle()], [at(10, "111", "0.1"), at(20, "94", "0.2")], "1m");
    expect(folded).toEqual(candle({ high: "111", low: "94", close: "94", volume: "3.3" }));
  });

  test("compares prices by value, not by text", () => {
    const [folded] = foldTrades([candle({ high: "99", low: "99" })], [at(1, "100.0")], "1m");
    expect(folded).toMatchObject({ high: "100.0", low: "99" });
  });

  test("begins a candle with the first trade of a bucket", () => {
    const [, begun] = foldTrades([candle()], [at(60, "107", "2")], "1m");
    expect(begun).toEqual({
      start_s: MINUTE_S + 60,
      open: "107",
      high: "107",
      low: "107",
      close: "107",
      volume: "2",
    });
  });

  test("carries the close through buckets nobody traded in", () => {
    const series = foldTrades([candle()], [at(180, "107")], "1m");
    expect(series.map(({ close, volume }) => [close, volume])).toEqual([
      ["105", "3"],
      ["105", "0"],
      ["105", "0"],
      ["107", "1"],
    ]);
  });

  test("leaves a late trade to the server's next answer", () => {
    const series = [candle({ start_s: MINUTE_S + 60 })];
    expect(foldTrades(series, [at(59, "1")], "1m")).toEqual(series);
  });

  test("stays bounded after a long silence", () => {
    expect(foldTrades([candle()], [at(86_400 * 30, "107")], "1m")).toHaveLength(MAX_CANDLES);
  });

  test("agrees with grouping all trades by bucket", () => {
    const trades = fc
      .array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1, max: 99 })))
      .map((pairs) => pairs.sort(([a], [b]) => a - b).map(([s, price]) => at(s, String(price))));
    fc.assert(
      fc.property(trades, (all) => {
        const traded = foldTrades([], all, "5s").filter(({ volume }) => volume !== "0");
        const buckets = Map.groupBy(all, ({ ts }) => bucketStart(ts, "5s"));
        const expected = [...buckets].map(([start_s, inside]) => {
          const prices = inside.map(({ price }) => Number(price));
          return {
            start_s,
            open: inside[0]?.price,
            high: String(Math.max(...prices)),
            low: String(Math.min(...prices)),
            close: inside.at(-1)?.price,
            volume: String(inside.length),
          };
        });
        expect(traded).toEqual(expected);
      }),
    );
  });
});

describe("mergeCandles", () => {
  test("lets the server's candle win and keeps order", () => {
    const later = candle({ start_s: MINUTE_S + 60 });
    const earlier = candle({ start_s: MINUTE_S - 60 });
    const corrected = candle({ volume: "4" });
    expect(mergeCandles([candle(), later], [earlier, corrected])).toEqual([
      earlier,
      corrected,
      later,
    ]);
  });

  test("keeps the object of a candle that did not change", () => {
    const known = candle();
    expect(mergeCandles([known], [candle({ volume: "3.00" })])[0]).toBe(known);
  });
});
