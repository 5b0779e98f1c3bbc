/** One market of the list; choosing it puts it on screen. */
import type { Market } from "@/api/types";
import { decimalsOf } from "@/domain/decimal";
import { formatFixed } from "@/domain/format";
import { useMarketData } from "@/state/hooks";
import { selectMarket } from "@/state/markets";
import { Change } from "./Change";
import styles from "./Markets.module.css";

export function MarketRow({ market, selected }: { market: Market; selected: boolean }) {
  const { symbol, lastPrice, change24hPct, status, tickSize } = market;
  // The market on screen is live; the others move with the listing.
  const live = useMarketData((data) => (data.symbol === symbol ? data.lastPrice : null));
  const price = live ?? lastPrice;
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
      </td>
      <td className="number">{price === null ? "–" : formatFixed(price, decimalsOf(tickSize))}</td>
      <td className={`number ${styles.change}`}>
        {status !== "TRADING" ? (
          <span className={styles.paused}>{status.toLowerCase()}</span>
        ) : (
          <Change percent={change24hPct} />
        )}
      </td>
    </tr>
  );
}
