import { afterEach, expect, test } from "vitest";
import { fakeExchange, list } from "@/testing/fakeExchange";
import { type FakeSocket, fakeSockets } from "@/testing/fakeSocket";
import { aTrade } from "@/testing/samples";
import { CandleFeed } from "./candleFeed";
import { createServices } from "./services";

const START = "2026-01-02T03:04:00.000000Z";

const serverCandle = (volume: string) => ({
  symbol: "BTC-USD",
  timeframe: "1m",
  bucketStart: START,
  open: "100",
  high: "100",
  low: "100",
  close: "100",
  volume,
  quoteVolume: "100",
  trades: 1,
  final: false,
});

let candles: CandleFeed | null = null;

afterEach(() => candles?.stop());

/** A feed whose server answers come when the test says so. */
function openFeed() {
  const newest = fakeSockets();
  const waiting: ((answer: Response) => void)[] = [];
  const seen = fakeExchange({
    "GET /v1/markets/BTC-USD/candles": () =>
      new Promise((resolve) => {
        waiting.push(resolve);
      }),
  });
  const { api, feed, socket } = createServices();
  socket.open();
  newest().accept();
  feed.follow("BTC-USD");
  pushTrades(newest(), "snapshot", 1, "100");
  const opened = new CandleFeed(api, feed, "BTC-USD", "1m");
  candles = opened;
  const answer = async (volume: string) => {
    waiting.shift()?.(list([serverCandle(volume)]));
    await painted();
  };
  const last = () => opened.store.getState().series?.at(-1);
  return { socket: newest(), seen, answer, last };
}

function pushTrades(socket: FakeSocket, type: string, seq: number, price: string) {
  const items = [aTrade({ tradeId: `${seq}`, price, qty: "1", ts: START })];
  socket.push({ channel: "trades.BTC-USD", type, seq, ts: START, data: { items } });
}

async function painted(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve));
  await new Promise((resolve) => requestAnimationFrame(resolve));
}

test("live trades move the server's newest candle", async () => {
  const { socket, answer, last } = openFeed();
  await answer("5");
  pushTrades(socket, "update", 2, "101");
  await painted();
  expect(last()).toMatchObject({ open: "100", high: "101", close: "101", volume: "6" });
});

test("trades that came while the server was answering are not lost", async () => {
  const { socket, answer, last } = openFeed();
  pushTrades(socket, "update", 2, "99");
  await answer("5");
  expect(last()).toMatchObject({ low: "99", close: "99", volume: "6" });
});

test("a gap in the trades is closed by the server's candles", async () => {
  const { socket, answer, last, seen } = openFeed();
  await answer("5");
  pushTrades(socket, "snapshot", 9, "100");
  await answer("50");
  expect(seen).toHaveLength(2);
  expect(last()).toMatchObject({ volume: "50" });
});

test("a failed request is told", async () => {
  fakeSockets();
  fakeExchange({});
  const { api, feed } = createServices();
  candles = new CandleFeed(api, feed, "BTC-USD", "1m");
  await painted();
  expect(candles.store.getState()).toMatchObject({
    series: null,
    failure: expect.stringContaining("does not answer"),
  });
});
