/** Open, high, low, close and volume of one candle. */
import type { Market } from "@/api/types";
import type { Candle } from "@/domain/candles";
import { compare, decimalsOf } from "@/domain/decimal";
import { formatCompact, formatFixed } from "@/domain/format";
import styles from "./Chart.module.css";

export function Legend({ candle, market }: { candle: Candle; market: Market }) {
  const decimals = decimalsOf(market.tickSize);
  const rose = compare(candle.close, candle.open) >= 0;
  const figures = [
    ["O", candle.open],
    ["H", candle.high],
    ["L", candle.low],
    ["C", candle.close],
  ] as const;
  return (
    <dl className={styles.legend}>
      {figures.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className={rose ? "buy" : "sell"}>{formatFixed(value, decimals)}</dd>
        </div>
      ))}
      <div>
        <dt>Vol</dt>
        <dd>{formatCompact(candle.volume)}</dd>
      </div>
    </dl>
  );
}
