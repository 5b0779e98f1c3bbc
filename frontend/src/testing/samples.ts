/** Typical API objects; tests state only what matters to them. */
import type { Market, Order } from "@/api/types";
import type { Trade } from "@/domain/trade";

export const market: Market = {
  symbol: "BTC-USD",
  baseAsset: "BTC",
  quoteAsset: "USD",
  tickSize: "0.50",
  lotSize: "0.0001",
  minQty: "0.0001",
  maxQty: "1000",
  minNotional: "1",
  maxPrice: "1000000",
  priceBandPct: 10,
  makerFeeBps: 5,
  takerFeeBps: 10,
  baseDecimals: 8,
  quoteDecimals: 6,
  status: "TRADING",
  lastPrice: "64000.00",
  change24hPct: 1.5,
  volume24h: "12.5",
};

export function anOrder(part: Partial<Order> = {}): Order {
  return {
    orderId: "1",
    clientOrderId: null,
    symbol: "BTC-USD",
    side: "BUY",
    type: "LIMIT",
    timeInForce: "GTC",
    price: "64000.00",
    qty: "0.5000",
    status: "ACCEPTED",
    filledQty: "0.0000",
    remainingQty: "0.5000",
    canceledQty: "0.0000",
    avgPrice: null,
    rejectReason: null,
    ts: "2026-01-02T03:04:05.000000Z",
    ...part,
  };
}

export function aTrade(part: Partial<Trade> = {}): Trade {
  return {
    tradeId: "1",
    symbol: "BTC-USD",
    price: "64000.00",
    qty: "0.1000",
    takerSide: "BUY",
    ts: "2026-01-02T03:04:05.000000Z",
    ...part,
  };
}
