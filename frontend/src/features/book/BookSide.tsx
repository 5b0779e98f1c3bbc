/** One side of the book, padded to a fixed number of rows so that the spread stays in place. */
import { memo } from "react";
import type { DepthRow } from "@/domain/book";
import { canonical, type Decimal, toDrawable } from "@/domain/decimal";
import { formatFixed } from "@/domain/format";
import type { Side } from "@/domain/trade";
import { useTicket } from "@/state/ticket";
import styles from "./Book.module.css";

export interface Scale {
  readonly priceDecimals: number;
  readonly qtyDecimals: number;
  /** The total that a bar of full width stands for. */
  readonly fullBar: number;
  /** Canonical prices at which the trader has an order. */
  readonly own: ReadonlySet<Decimal>;
}

interface BookSideProps {
  side: Side;
  /** Best first. */
  levels: readonly DepthRow[];
  rows: number;
  scale: Scale;
}

export function BookSide({ side, levels, rows, scale }: BookSideProps) {
  const cells = levels.map((level, depth) => (
    <LevelRow
      // biome-ignore lint/suspicious/noArrayIndexKey: a moving book rewrites text in place
      key={depth}
      side={side}
      best={depth === 0}
      price={level.price}
      qty={formatFixed(level.qty, scale.qtyDecimals)}
      total={formatFixed(level.total, scale.qtyDecimals)}
      priceText={formatFixed(level.price, scale.priceDecimals)}
      share={scale.fullBar === 0 ? 0 : toDrawable(level.total) / scale.fullBar}
      own={scale.own.has(canonical(level.price))}
    />
  ));
  if (levels.length < rows) cells.push(<Padding key="padding" rows={rows - levels.length} />);
  return <tbody data-side={side}>{side === "SELL" ? cells.reverse() : cells}</tbody>;
}

function Padding({ rows }: { rows: number }) {
  return (
    <tr>
      <td colSpan={3} style={{ height: `calc(${rows} * var(--row))` }} />
    </tr>
  );
}

interface LevelRowProps {
  side: Side;
  best: boolean;
  price: Decimal;
  priceText: string;
  qty: string;
  total: string;
  share: number;
  own: boolean;
}

const LevelRow = memo(function LevelRow(props: LevelRowProps) {
  const { side, best, price, priceText, qty, total, share, own } = props;
  return (
    <tr className={styles.row} data-own={own || undefined}>
      <td>
        <span className={styles.bar} style={{ transform: `scaleX(${share.toFixed(3)})` }} />
        <button
          type="button"
          className={`${styles.price} ${side === "BUY" ? "buy" : "sell"}`}
          tabIndex={best ? 0 : -1}
          onClick={() => useTicket.getState().pickPrice(price)}
        >
          {priceText}
        </button>
        {own && (
          <span className={styles.own}>
            <span aria-hidden="true">◆</span>
            <span className="hidden-text">your order</span>
          </span>
        )}
      </td>
      <td className="number">{qty}</td>
      <td className="number soft">{total}</td>
    </tr>
  );
});
