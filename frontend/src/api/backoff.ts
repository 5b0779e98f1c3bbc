/** How long to wait before the next attempt: doubling with full jitter, within a bound. */

const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/** `chance` is in [0, 1); half of the wait is fixed so that nobody retries at once. */
export function backoff(attempt: number, chance: number): number {
  const ceiling = Math.min(LONGEST_MS, FIRST_MS * 2 ** attempt);
  return Math.round(ceiling / 2 + (ceiling / 2) * chance);
}
