/** What became of an order, in one plain sentence. */
import type { Market, Order } from "@/api/types";
import { isZero } from "@/domain/decimal";
import { formatExact } from "@/domain/format";

const REASONS: Record<string, string> = {
  IOC_REMAINDER: "nothing more was on offer within the limit",
  NO_LIQUIDITY: "the book had nothing more to match",
  SELF_TRADE: "it met an order of your own",
};

export function describeOutcome(order: Order, { baseAsset, quoteAsset }: Market): string {
  const asked = `${formatExact(order.qty, 0)} ${baseAsset}`;
  if (isZero(order.filledQty)) {
    if (order.status === "CANCELED") return `Nothing ${done(order)}${reason(order)}.`;
    const limit = order.price === null ? "" : ` at ${formatExact(order.price)} ${quoteAsset}`;
    return `Order to ${order.side === "BUY" ? "buy" : "sell"} ${asked}${limit} is in the book.`;
  }
  const average = order.avgPrice === null ? "" : ` at ${formatExact(order.avgPrice)} ${quoteAsset}`;
  if (order.status === "FILLED") return `${capital(done(order))} ${asked}${average}.`;
  const part = `${capital(done(order))} ${formatExact(order.filledQty, 0)} of ${asked}${average}`;
  if (order.status === "CANCELED") return `${part}; the rest was canceled${reason(order)}.`;
  return `${part}; the rest is in the book.`;
}

const done = ({ side }: Order) => (side === "BUY" ? "bought" : "sold");

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);

function reason({ rejectReason }: Order): string {
  if (rejectReason === null) return "";
  return `: ${REASONS[rejectReason] ?? rejectReason}`;
}
