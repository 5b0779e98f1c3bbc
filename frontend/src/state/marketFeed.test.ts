import { beforeEach, describe, expect, test } from "vitest";
import { LiveSocket } from "@/api/socket";
import { type FakeSocket, fakeSockets } from "@/testing/fakeSocket";
import { aTrade } from "@/testing/samples";
import { MarketFeed } from "./marketFeed";

let feed: MarketFeed;
let newest: () => FakeSocket;

beforeEach(() => {
  newest = fakeSockets();
  const socket = new LiveSocket("ws://exchange/ws", () => {});
  feed = new MarketFeed(socket);
  socket.open();
  newest().accept();
  feed.follow("BTC-USD");
});

const push = (channel: string, type: string, seq: number, data: object) =>
  newest().push({ channel, type, seq, ts: "", data });

const pushBook = (type: string, seq: number, data: object) => push("book.BTC-USD", type, seq, data);

const painted = () => new Promise((resolve) => requestAnimationFrame(resolve));

const snapshot = { symbol: "BTC-USD", lastUpdateId: 5, bids: [["99", "1"]], asks: [["101", "1"]] };

describe("the book", () => {
  test("is painted once per frame, whatever arrives in between", async () => {
    let paints = 0;
    feed.store.subscribe(() => {
      paints += 1;
    });
    pushBook("snapshot", 1, snapshot);
    for (const [seq, id] of [[2, 6] as const, [3, 7] as const]) {
      const bids = [["98", String(id)]];
      pushBook("update", seq, { firstUpdateId: id, lastUpdateId: id, bids, asks: [] });
    }
    await painted();
    expect(paints).toBe(1);
    expect(feed.store.getState().book?.bids).toEqual([
      ["99", "1"],
      ["98", "7"],
    ]);
  });

  test("is stale from a missing update id until the next snapshot", async () => {
    pushBook("snapshot", 1, snapshot);
    pushBook("update", 2, { firstUpdateId: 9, lastUpdateId: 9, bids: [], asks: [] });
    await painted();
    expect(feed.store.getState()).toMatchObject({ bookFresh: false, book: snapshot });
    pushBook("snapshot", 3, { ...snapshot, lastUpdateId: 9 });
    await painted();
    expect(feed.store.getState()).toMatchObject({ bookFresh: true, book: { lastUpdateId: 9 } });
  });

  test("starts from nothing in another market", () => {
    pushBook("snapshot", 1, snapshot);
    feed.follow("ETH-USD");
    expect(feed.store.getState()).toMatchObject({ symbol: "ETH-USD", book: null, tape: null });
    expect(newest().asked.slice(-4)).toEqual([
      "unsubscribe book.BTC-USD",
      "unsubscribe trades.BTC-USD",
      "subscribe book.ETH-USD",
      "subscribe trades.ETH-USD",
    ]);
  });
});

describe("trades", () => {
  const pushTrades = (type: string, seq: number, ...prices: string[]) =>
    push("trades.BTC-USD", type, seq, {
      items: prices.map((price) => aTrade({ tradeId: price, price })),
    });

  test("move the last price and say which way", async () => {
    pushTrades("snapshot", 1, "100");
    pushTrades("update", 2, "101", "102");
    await painted();
    expect(feed.store.getState()).toMatchObject({ lastPrice: "102", direction: 1 });
    pushTrades("update", 3, "99.5");
    await painted();
    expect(feed.store.getState()).toMatchObject({ lastPrice: "99.5", direction: -1 });
  });

  test("reach listeners at once, and gaps are announced", () => {
    const told: string[] = [];
    feed.listen({
      onTrades: (trades) => told.push(...trades.map(({ price }) => price)),
      onGap: () => told.push("gap"),
    });
    pushTrades("snapshot", 1, "100");
    pushTrades("update", 2, "101", "102");
    expect(told).toEqual(["gap", "101", "102"]);
  });
});
