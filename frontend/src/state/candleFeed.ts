/**
 * The candles of one market and timeframe: the server's, with live trades folded on top, and set
 * right against the server every few seconds. One instance per chart; `stop` ends it.
 */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Api } from "@/api/client";
import { messageOf } from "@/api/errors";
import { type Candle, foldTrades, mergeCandles, SECONDS, type Timeframe } from "@/domain/candles";
import type { Trade } from "@/domain/trade";
import { createFrameBatch } from "./frames";
import type { MarketFeed } from "./marketFeed";

export interface CandleState {
  /** Null until the first answer. */
  readonly series: readonly Candle[] | null;
  /** Why the last attempt failed; the next one comes by itself. */
  readonly failure: string | null;
}

const HISTORY = 500;
const RECONCILE_MS = 5_000;
/** Buckets asked for beyond those that began since the last answer. */
const OVERLAP = 5;
/** Trades kept while one request is under way. */
const MAX_PENDING = 5_000;

export class CandleFeed {
  readonly store: StoreApi<CandleState> = createStore(() => ({ series: null, failure: null }));
  private state: CandleState = this.store.getState();
  /** Trades since the running request was sent: its answer may not contain them. */
  private pending: readonly Trade[] = [];
  private request: AbortController | null = null;
  private answered_ms = 0;
  private readonly frames = createFrameBatch(() => this.store.setState(this.state, true));
  private readonly timer = setInterval(() => this.reconcile(), RECONCILE_MS);
  private readonly unlisten: () => void;

  constructor(
    private readonly api: Api,
    feed: MarketFeed,
    private readonly symbol: string,
    private readonly timeframe: Timeframe,
  ) {
    this.unlisten = feed.listen({
      onTrades: (trades) => this.addTrades(trades),
      onGap: () => this.reconcile(),
    });
    document.addEventListener("visibilitychange", this.reconcile);
    this.reconcile();
  }

  stop(): void {
    this.unlisten();
    document.removeEventListener("visibilitychange", this.reconcile);
    clearInterval(this.timer);
    this.request?.abort();
    this.frames.cancel();
  }

  private addTrades(trades: readonly Trade[]): void {
    const own = trades.filter(({ symbol }) => symbol === this.symbol);
    if (this.request) this.pending = [...this.pending, ...own].slice(-MAX_PENDING);
    if (this.state.series) {
      this.change({ series: foldTrades(this.state.series, own, this.timeframe) });
    }
  }

  private readonly reconcile = (): void => {
    if (document.hidden || this.request) return;
    const request = new AbortController();
    this.request = request;
    this.pending = [];
    this.api
      .candles(this.symbol, this.timeframe, this.missing(), request.signal)
      .then(
        (fetched) => this.take(fetched),
        (error: unknown) => {
          if (!request.signal.aborted) this.change({ failure: messageOf(error) });
        },
      )
      .finally(() => {
        this.request = null;
      });
  };

  private missing(): number {
    const elapsed_s = (Date.now() - this.answered_ms) / 1000;
    return Math.min(HISTORY, Math.ceil(elapsed_s / SECONDS[this.timeframe]) + OVERLAP);
  }

  private take(fetched: readonly Candle[]): void {
    this.answered_ms = Date.now();
    const merged = mergeCandles(this.state.series ?? [], fetched);
    this.change({ series: foldTrades(merged, this.pending, this.timeframe), failure: null });
  }

  private change(part: Partial<CandleState>): void {
    this.state = { ...this.state, ...part };
    this.frames.schedule();
  }
}
