/** The order book: asks over the spread over bids, as many levels as fit. */
import type { Market } from "@/api/types";
import { type Book, deepest, depthRows } from "@/domain/book";
import { decimalsOf } from "@/domain/decimal";
import { useMarketData } from "@/state/hooks";
import { Panel } from "@/ui/Panel";
import { LoadingRows } from "@/ui/Placeholder";
import { useHeight } from "@/ui/useHeight";
import styles from "./Book.module.css";
import { BookSide, type Scale } from "./BookSide";
import { moveByArrow } from "./moveByArrow";
import { Spread } from "./Spread";
import { useOwnPrices } from "./useOwnPrices";

const ROW_PX = 21;
/** The column heads, and the least the spread takes, as `Book.module.css` sizes them. */
const HEAD_PX = 26;
const SPREAD_PX = 34;
const MAX_ROWS = 60;

export function BookPanel({ market }: { market: Market | null }) {
  const book = useMarketData((data) => data.book);
  const fresh = useMarketData((data) => data.bookFresh);
  const { ref, height } = useHeight<HTMLDivElement>();
  const room = Math.floor((height - HEAD_PX - SPREAD_PX) / 2 / ROW_PX);
  const rows = Math.min(MAX_ROWS, Math.max(0, room));
  return (
    <Panel title="Order book" area="book" stale={book !== null && !fresh}>
      <div ref={ref} className={styles.fit}>
        {market && book ? (
          <BookTable
            book={book}
            market={market}
            rows={rows}
            spread_px={height - HEAD_PX - 2 * rows * ROW_PX}
          />
        ) : (
          <LoadingRows count={rows * 2} />
        )}
      </div>
    </Panel>
  );
}

interface BookTableProps {
  book: Book;
  market: Market;
  rows: number;
  /** What whole rows leave over. */
  spread_px: number;
}

function BookTable({ book, market, rows, spread_px }: BookTableProps) {
  const asks = depthRows(book.asks, rows);
  const bids = depthRows(book.bids, rows);
  const scale: Scale = {
    priceDecimals: decimalsOf(market.tickSize),
    qtyDecimals: decimalsOf(market.lotSize),
    fullBar: deepest(bids, asks),
    own: useOwnPrices(market.symbol),
  };
  return (
    <table className={`figures ${styles.book}`} onKeyDown={moveByArrow}>
      <thead>
        <tr className={styles.head}>
          <th scope="col">Price ({market.quoteAsset})</th>
          <th scope="col" className="number">
            Quantity ({market.baseAsset})
          </th>
          <th scope="col" className="number">
            Total
          </th>
        </tr>
      </thead>
      <BookSide side="SELL" levels={asks} rows={rows} scale={scale} />
      <Spread book={book} priceDecimals={scale.priceDecimals} height_px={spread_px} />
      <BookSide side="BUY" levels={bids} rows={rows} scale={scale} />
    </table>
  );
}
