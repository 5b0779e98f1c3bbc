/**
 * Exact decimal strings, as the API sends them: compare, add, multiply, step and read typed text.
 * Money never becomes a float here; only bar widths and chart coordinates do, elsewhere.
 */
import Big from "big.js";

/** A decimal in plain notation, such as "64231.50". */
export type Decimal = string;

// A constructor of our own, so that nobody else's settings reach ours. Strict refuses floats.
const Exact = Big();
Exact.strict = true;

/** The longest number a person may type: 2^53 units with any sensible scale fit well within. */
const MAX_TYPED_LENGTH = 30;

export function compare(a: Decimal, b: Decimal): -1 | 0 | 1 {
  return new Exact(a).cmp(new Exact(b));
}

/** One spelling per value, for use as a key: "64231.50" and "64231.5" are the same price. */
export function canonical(value: Decimal): Decimal {
  return new Exact(value).toFixed();
}

export function isZero(value: Decimal): boolean {
  return new Exact(value).eq(new Exact("0"));
}

export function isPositive(value: Decimal): boolean {
  return new Exact(value).gt(new Exact("0"));
}

export function add(a: Decimal, b: Decimal): Decimal {
  return new Exact(a).plus(new Exact(b)).toFixed();
}

export function subtract(a: Decimal, b: Decimal): Decimal {
  return new Exact(a).minus(new Exact(b)).toFixed();
}

export function multiply(a: Decimal, b: Decimal): Decimal {
  return new Exact(a).times(new Exact(b)).toFixed();
}

/** How many decimals a step such as a tick or lot size needs: "0.010" needs 2, "5" none. */
export function decimalsOf(step: Decimal): number {
  return new Exact(step).toFixed().split(".")[1]?.length ?? 0;
}

/** The next multiple of `size` above (+1) or below (-1) `value`, never under one step. */
export function step(value: Decimal, size: Decimal, direction: 1 | -1): Decimal {
  const unit = new Exact(size);
  const round = direction === 1 ? Exact.roundDown : Exact.roundUp;
  const whole = new Exact(value).div(unit).round(0, round);
  const next = whole.plus(new Exact(String(direction))).times(unit);
  return (next.lt(unit) ? unit : next).toFixed(decimalsOf(size));
}

/** Read what a person typed; null when it is not a plain positive-notation decimal. */
export function parseTyped(text: string): Decimal | null {
  const trimmed = text.trim();
  if (trimmed.length > MAX_TYPED_LENGTH || !/^(\d+\.?\d*|\.\d+)$/.test(trimmed)) return null;
  return new Exact(trimmed.endsWith(".") ? trimmed.slice(0, -1) : trimmed).toFixed();
}

/** A float for drawing only (bars, candles). */
export function toDrawable(value: Decimal): number {
  return Number(value);
}
