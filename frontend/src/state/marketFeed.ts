/**
 * The live data of the market on screen: its book and its tape, from the socket, painted once per
 * frame. Updates are applied as they arrive, so a hidden page stays correct without painting.
 */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { LiveSocket } from "@/api/socket";
import type { BookSnapshot } from "@/api/types";
import { applyDiff, type Book, type BookDiff } from "@/domain/book";
import { compare, type Decimal } from "@/domain/decimal";
import { extendTape, TAPE_LENGTH } from "@/domain/tape";
import type { Trade } from "@/domain/trade";
import { createFrameBatch } from "./frames";

export interface MarketData {
  readonly symbol: string | null;
  /** Null until the first snapshot. */
  readonly book: Book | null;
  readonly bookFresh: boolean;
  readonly tape: readonly Trade[] | null;
  readonly tapeFresh: boolean;
  readonly lastPrice: Decimal | null;
  /** Where the last price change went: 0 until one was seen. */
  readonly direction: -1 | 0 | 1;
}

/** Told of trades as they happen (oldest first), and of gaps only the server can fill. */
export interface TradeListener {
  onTrades(trades: readonly Trade[]): void;
  onGap(): void;
}

const NOTHING: MarketData = {
  symbol: null,
  book: null,
  bookFresh: false,
  tape: null,
  tapeFresh: false,
  lastPrice: null,
  direction: 0,
};

export class MarketFeed {
  readonly store: StoreApi<MarketData> = createStore(() => NOTHING);
  private data: MarketData = NOTHING;
  private readonly listeners = new Set<TradeListener>();
  private readonly frames = createFrameBatch(() => this.store.setState(this.data, true));
  private leave: () => void = () => {};

  constructor(private readonly socket: LiveSocket) {}

  /** Follow one market instead of the one before. */
  follow(symbol: string): void {
    if (symbol === this.data.symbol) return;
    this.leave();
    this.data = { ...NOTHING, symbol };
    this.store.setState(this.data, true);
    const leaveBook = this.followBook(symbol);
    const leaveTrades = this.followTrades(symbol);
    this.leave = () => {
      leaveBook();
      leaveTrades();
      this.frames.cancel();
    };
  }

  listen(listener: TradeListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private change(part: Partial<MarketData>): void {
    this.data = { ...this.data, ...part };
    this.frames.schedule();
  }

  private followBook(symbol: string): () => void {
    const channel = `book.${symbol}`;
    return this.socket.subscribe(channel, {
      onSnapshot: (data) => this.change({ book: data as BookSnapshot, bookFresh: true }),
      onStale: () => this.change({ bookFresh: false }),
      onUpdate: (data) => {
        const book = this.data.book && applyDiff(this.data.book, data as BookDiff);
        if (book) this.change({ book });
        else this.socket.resync(channel);
      },
    });
  }

  private followTrades(symbol: string): () => void {
    return this.socket.subscribe(`trades.${symbol}`, {
      onSnapshot: (data) => {
        const tape = (data as { items: Trade[] }).items.slice(0, TAPE_LENGTH);
        this.change({ tape, tapeFresh: true, lastPrice: tape[0]?.price ?? this.data.lastPrice });
        for (const listener of this.listeners) listener.onGap();
      },
      onStale: () => this.change({ tapeFresh: false }),
      onUpdate: (data) => this.addTrades((data as { items: Trade[] }).items),
    });
  }

  private addTrades(trades: readonly Trade[]): void {
    const last = trades.at(-1);
    if (!last) return;
    const before = this.data.lastPrice;
    const move = before === null ? 0 : compare(last.price, before);
    this.change({
      tape: extendTape(this.data.tape ?? [], trades),
      lastPrice: last.price,
      direction: move === 0 ? this.data.direction : move,
    });
    for (const listener of this.listeners) listener.onTrades(trades);
  }
}
