/** One market of the list; choosing it puts it on screen. */
import type { Market } from "@/api/types";
import { decimalsOf } from "@/domain/decimal";
import { formatFixed } from "@/domain/format";
import { selectMarket } from "@/state/markets";
import { Change } from "./Change";
import styles from "./Markets.module.css";

export function MarketRow({ market, selected }: { market: Market; selected: boolean }) {
  const { symbol, lastPrice, change24hPct, status, tickSize } = market;
  return (
    <tr className={styles.row} data-selected={selected || undefined}>
      <td>
        <button
          type="button"
          className={styles.pick}
          aria-current={selected || undefined}
          onClick={() => selectMarket(symbol)}
        >
          {symbol}
        </button>
        {status === "PAUSED" && <span className={styles.paused}>paused</span>}
      </td>
      <td className="number">
        {lastPrice === null ? "–" : formatFixed(lastPrice, decimalsOf(tickSize))}
      </td>
      <td className={`number ${styles.change}`}>
        <Change percent={change24hPct} />
      </td>
    </tr>
  );
}
