/** One open order. A refused cancel says why in the row's own place. */
import { messageOf } from "@/api/errors";
import type { Market, Order } from "@/api/types";
import { type Decimal, decimalsOf } from "@/domain/decimal";
import { formatDayTime, formatExact, formatFixed } from "@/domain/format";
import { useCancelOrder } from "@/state/account";
import { Button } from "@/ui/Button";
import { SideMark } from "@/ui/SideMark";
import styles from "./Orders.module.css";

export function OrderRow({ order, market }: { order: Order; market: Market | undefined }) {
  const cancel = useCancelOrder();
  const price = (value: Decimal) =>
    market ? formatFixed(value, decimalsOf(market.tickSize)) : formatExact(value);
  const qty = (value: Decimal) =>
    market ? formatFixed(value, decimalsOf(market.lotSize)) : formatExact(value);
  return (
    <>
      <tr className={styles.row}>
        <td className={`${styles.time} soft`}>{formatDayTime(order.ts)}</td>
        <td className={styles.market}>
          {order.symbol}
          <span className={styles.second}>
            <SideMark side={order.side} />
          </span>
        </td>
        <td className={styles.side}>
          <SideMark side={order.side} />
        </td>
        <td className="number">{order.price === null ? "–" : price(order.price)}</td>
        <td className="number">
          {qty(order.qty)}
          <span className={`soft ${styles.second}`}>{qty(order.filledQty)} filled</span>
        </td>
        <td className={`number ${styles.filled}`}>{qty(order.filledQty)}</td>
        <td className={styles.action}>
          <Button
            look="quiet"
            disabled={cancel.isPending}
            onClick={() => cancel.mutate(order.orderId)}
          >
            Cancel
          </Button>
        </td>
      </tr>
      {cancel.error && (
        <tr>
          <td colSpan={7}>
            <p role="alert" className={styles.refusal}>
              {messageOf(cancel.error)}
            </p>
          </td>
        </tr>
      )}
    </>
  );
}
