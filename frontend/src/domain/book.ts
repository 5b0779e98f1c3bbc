/**
 * One market's order book: built from a snapshot, kept by applying level changes.
 * Pure and immutable; the socket's sequence check happens in `api/socket`, update ids here.
 */
import { add, compare, type Decimal, isZero, toDrawable } from "./decimal";

export type Level = readonly [price: Decimal, qty: Decimal];

export interface Book {
  readonly symbol: string;
  readonly lastUpdateId: number;
  /** Best (highest) first. */
  readonly bids: readonly Level[];
  /** Best (lowest) first. */
  readonly asks: readonly Level[];
}

/** Absolute level quantities after `firstUpdateId` … `lastUpdateId`; "0" removes a level. */
export interface BookDiff {
  readonly firstUpdateId: number;
  readonly lastUpdateId: number;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

type Order = 1 | -1;
const ASCENDING: Order = 1;
const DESCENDING: Order = -1;

/**
 * Apply a diff. Returns the same book for one that is already contained, and null when updates
 * are missing in between: the caller must take a new snapshot.
 */
export function applyDiff(book: Book, diff: BookDiff): Book | null {
  if (diff.lastUpdateId <= book.lastUpdateId) return book;
  if (diff.firstUpdateId > book.lastUpdateId + 1) return null;
  return {
    symbol: book.symbol,
    lastUpdateId: diff.lastUpdateId,
    bids: applyLevels(book.bids, diff.bids, DESCENDING),
    asks: applyLevels(book.asks, diff.asks, ASCENDING),
  };
}

function applyLevels(levels: readonly Level[], changes: readonly Level[], order: Order) {
  if (changes.length === 0) return levels;
  const next = [...levels];
  for (const change of changes) {
    const { index, found } = locate(next, change[0], order);
    if (isZero(change[1])) next.splice(index, found ? 1 : 0);
    else next.splice(index, found ? 1 : 0, change);
  }
  return next;
}

/** Binary search by price: where the level is, or where it belongs. */
function locate(levels: readonly Level[], price: Decimal, order: Order) {
  let low = 0;
  let high = levels.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const relation = compare((levels[middle] as Level)[0], price) * order;
    if (relation === 0) return { index: middle, found: true };
    if (relation < 0) low = middle + 1;
    else high = middle;
  }
  return { index: low, found: false };
}

export interface DepthRow {
  readonly price: Decimal;
  readonly qty: Decimal;
  /** Quantity from the best level to this one. */
  readonly total: Decimal;
}

/** The best `count` levels with running totals. */
export function depthRows(levels: readonly Level[], count: number): DepthRow[] {
  let total = "0";
  return levels.slice(0, count).map(([price, qty]) => {
    total = add(total, qty);
    return { price, qty, total };
  });
}

/** The larger end total of both sides: what a full-width depth bar stands for. */
export function deepest(bids: readonly DepthRow[], asks: readonly DepthRow[]): number {
  return Math.max(toDrawable(bids.at(-1)?.total ?? "0"), toDrawable(asks.at(-1)?.total ?? "0"));
}
