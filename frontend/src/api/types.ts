/**
 * The shapes the API sends and takes: camelCase, decimal strings, RFC 3339 times. What the server
 * sends beyond them is ignored.
 */
import type { Level } from "@/domain/book";
import type { Decimal } from "@/domain/decimal";
import type { Side } from "@/domain/trade";

export interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}

export interface Market {
  symbol: string;
  baseAsset: string;
  quoteAsset: string;
  tickSize: Decimal;
  lotSize: Decimal;
  minQty: Decimal;
  maxQty: Decimal;
  minNotional: Decimal;
  maxPrice: Decimal;
  priceBandPct: number;
  makerFeeBps: number;
  takerFeeBps: number;
  baseDecimals: number;
  quoteDecimals: number;
  /** HALTED: by Kalency itself, because something did not add up. */
  status: "TRADING" | "PAUSED" | "HALTED";
  lastPrice: Decimal | null;
  change24hPct: number | null;
  volume24h: Decimal;
}

export type OrderType = "LIMIT" | "MARKET";
export type TimeInForce = "GTC" | "IOC" | "FOK";

export interface CandleItem {
  symbol: string;
  timeframe: string;
  bucketStart: string;
  open: Decimal;
  high: Decimal;
  low: Decimal;
  close: Decimal;
  volume: Decimal;
  quoteVolume: Decimal;
  trades: number;
  final: boolean;
}

export interface BookSnapshot {
  symbol: string;
  lastUpdateId: number;
  bids: Level[];
  asks: Level[];
}

export interface PlaceOrder {
  clientOrderId: string;
  symbol: string;
  side: Side;
  type: OrderType;
  price?: Decimal;
  qty: Decimal;
  timeInForce?: TimeInForce;
}

/** An order, as an acknowledgement or in a list. */
export interface Order {
  orderId: string;
  clientOrderId: string | null;
  symbol: string;
  side: Side;
  type: OrderType;
  timeInForce: TimeInForce | null;
  price: Decimal | null;
  qty: Decimal;
  status: "ACCEPTED" | "PARTIALLY_FILLED" | "FILLED" | "CANCELED" | "REJECTED";
  filledQty: Decimal;
  remainingQty: Decimal;
  canceledQty: Decimal;
  avgPrice: Decimal | null;
  rejectReason: string | null;
  ts: string;
}

export interface Balance {
  asset: string;
  available: Decimal;
  reserved: Decimal;
  total: Decimal;
}

export interface Wallet {
  balances: Balance[];
}

export interface Account {
  username: string;
  isStaff: boolean;
}

export interface Credentials {
  username: string;
  password: string;
}

export interface TokenPair {
  access: string;
  refresh: string;
}

export interface ErrorEnvelope {
  error: { code: string; message: string; details?: Record<string, unknown> };
}
