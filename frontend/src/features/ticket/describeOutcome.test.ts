import { expect, test } from "vitest";
import { anOrder, market } from "@/testing/samples";
import { describeOutcome } from "./describeOutcome";

test.each([
  ["an order that rests", anOrder(), "Order to buy 0.5 BTC at 64,000.00 USD is in the book."],
  [
    "an order that filled at once",
    anOrder({ side: "SELL", status: "FILLED", filledQty: "0.5000", avgPrice: "64000.123456" }),
    "Sold 0.5 BTC at 64,000.123456 USD.",
  ],
  [
    "an order that filled in part and rests",
    anOrder({ status: "PARTIALLY_FILLED", filledQty: "0.2000", avgPrice: "64000.00" }),
    "Bought 0.2 of 0.5 BTC at 64,000.00 USD; the rest is in the book.",
  ],
  [
    "an order that ended with something unfilled",
    anOrder({
      status: "CANCELED",
      filledQty: "0.2000",
      avgPrice: "64000.00",
      rejectReason: "IOC_REMAINDER",
    }),
    "Bought 0.2 of 0.5 BTC at 64,000.00 USD; the rest was canceled: nothing more was on offer within the limit.",
  ],
  [
    "an order that met nothing",
    anOrder({ type: "MARKET", price: null, status: "CANCELED", rejectReason: "NO_LIQUIDITY" }),
    "Nothing bought: the book had nothing more to match.",
  ],
])("tells what became of %s", (_, order, sentence) => {
  expect(describeOutcome(order, market)).toBe(sentence);
});
