/** The public print of one match. */
import type { Decimal } from "./decimal";

export type Side = "BUY" | "SELL";

export interface Trade {
  readonly tradeId: string;
  readonly symbol: string;
  readonly price: Decimal;
  readonly qty: Decimal;
  readonly takerSide: Side;
  readonly ts: string;
}
