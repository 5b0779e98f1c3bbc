/** What a limit order is worth, and what trading costs in this market. */
import type { Market } from "@/api/types";
import { multiply, parseTyped } from "@/domain/decimal";
import { formatBps, formatExact } from "@/domain/format";
import { useTicket } from "@/state/ticket";
import styles from "./Ticket.module.css";

export function OrderValue({ market }: { market: Market }) {
  const { type, price, qty } = useTicket();
  const limit = type === "LIMIT" ? parseTyped(price) : null;
  const quantity = parseTyped(qty);
  return (
    <dl className={styles.value}>
      <div>
        <dt>Order value</dt>
        <dd className="number">
          {limit && quantity ? formatExact(multiply(limit, quantity)) : "–"}{" "}
          <span className="soft">{market.quoteAsset}</span>
        </dd>
      </div>
      <div>
        <dt>Fee, maker / taker</dt>
        <dd className="number">
          {formatBps(market.makerFeeBps)} / {formatBps(market.takerFeeBps)}
        </dd>
      </div>
    </dl>
  );
}
