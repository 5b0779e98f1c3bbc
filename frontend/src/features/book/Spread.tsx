/** Between the sides: the last price and the distance from best bid to best ask. */
import type { Book } from "@/domain/book";
import { subtract, toDrawable } from "@/domain/decimal";
import { formatFixed } from "@/domain/format";
import { useMarketData } from "@/state/hooks";
import styles from "./Book.module.css";

interface SpreadProps {
  book: Book;
  priceDecimals: number;
  height_px: number;
}

export function Spread({ book, priceDecimals, height_px }: SpreadProps) {
  const lastPrice = useMarketData((data) => data.lastPrice);
  const direction = useMarketData((data) => data.direction);
  const look = direction === 0 ? "" : direction > 0 ? "buy" : "sell";
  return (
    <tbody>
      <tr className={styles.spread} style={{ height: height_px }}>
        <td className={`${styles.last} ${look}`}>
          {lastPrice === null ? "–" : formatFixed(lastPrice, priceDecimals)}
          <span aria-hidden="true">{direction === 0 ? "" : direction > 0 ? " ▲" : " ▼"}</span>
        </td>
        <td className="number soft" colSpan={2}>
          {describeSpread(book, priceDecimals)}
        </td>
      </tr>
    </tbody>
  );
}

function describeSpread({ bids, asks }: Book, decimals: number): string {
  const bid = bids[0]?.[0];
  const ask = asks[0]?.[0];
  if (!bid || !ask) return bid || ask ? "One side is empty" : "The book is empty";
  const spread = subtract(ask, bid);
  const percent = (toDrawable(spread) / toDrawable(ask)) * 100;
  return `Spread ${formatFixed(spread, decimals)} (${percent.toFixed(3)}%)`;
}
