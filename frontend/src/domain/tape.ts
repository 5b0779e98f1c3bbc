/** The tape: the latest trades of one market, newest first, each once. */
import type { Trade } from "./trade";

export const TAPE_LENGTH = 100;

/** Put newer trades (oldest first, as a push carries them) on top of the tape. */
export function extendTape(tape: readonly Trade[], trades: readonly Trade[]): readonly Trade[] {
  const seen = new Set(tape.map((trade) => trade.tradeId));
  const fresh = trades.filter((trade) => !seen.has(trade.tradeId)).reverse();
  return fresh.length === 0 ? tape : [...fresh, ...tape].slice(0, TAPE_LENGTH);
}
