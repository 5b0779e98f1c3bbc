/** How figures and times are shown. Digits are never rounded away unless a caller asks for it. */
import type { Decimal } from "./decimal";

/** One notation everywhere: what is shown can be typed back into the ticket. */
const LOCALE = "en-US";
const MAX_DECIMALS = 20;

const formatters = new Map<string, Intl.NumberFormat>();

function formatter(key: string, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  let found = formatters.get(key);
  if (!found) {
    found = new Intl.NumberFormat(LOCALE, options);
    formatters.set(key, found);
  }
  return found;
}

// Intl formats decimal strings exactly; its type only admits literals of that shape.
const asNumeric = (value: Decimal) => value as Intl.StringNumericLiteral;

/** Fixed decimals with grouped thousands: a column of these lines up. */
export function formatFixed(value: Decimal, decimals: number): string {
  return formatter(`fixed ${decimals}`, {
    minimumFractionDigits: decimals,
    maximumFractionDigits: decimals,
  }).format(asNumeric(value));
}

/** Every digit the server sent, without a tail of zeros beyond `atLeast` decimals. */
export function formatExact(value: Decimal, atLeast = 2): string {
  return formatter(`exact ${atLeast}`, {
    minimumFractionDigits: atLeast,
    maximumFractionDigits: MAX_DECIMALS,
  }).format(asNumeric(value));
}

/** A rounded figure for summaries: 12.3K, 4.56M. */
export function formatCompact(value: Decimal): string {
  return formatter("compact", { notation: "compact", maximumSignificantDigits: 4 }).format(
    asNumeric(value),
  );
}

/** A signed percentage; the sign says what the colour says. */
export function formatPercent(value: number | null): string {
  if (value === null) return "–";
  return `${formatter("percent", {
    minimumFractionDigits: 2,
    maximumFractionDigits: 2,
    signDisplay: "exceptZero",
  }).format(value)}%`;
}

/** Basis points as a percentage: 5 is 0.05%. */
export function formatBps(bps: number): string {
  return `${formatter("bps", { minimumFractionDigits: 2, maximumFractionDigits: 4 }).format(bps / 100)}%`;
}

const clock = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

const dayAndClock = new Intl.DateTimeFormat("en-GB", {
  day: "2-digit",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

/** Local time of day, for what just happened. */
export function formatTime(rfc3339: string): string {
  return clock.format(new Date(rfc3339));
}

/** Local day and time, for what may have happened earlier. */
export function formatDayTime(rfc3339: string): string {
  return dayAndClock.format(new Date(rfc3339));
}
