/** Price times quantity of a limit order, before fees. */
import type { Market } from "@/api/types";
import { multiply, parseTyped } from "@/domain/decimal";
import { formatExact } from "@/domain/format";
import { useTicket } from "@/state/ticket";
import styles from "./Ticket.module.css";

export function OrderValue({ market }: { market: Market }) {
  const { type, price, qty } = useTicket();
  const limit = type === "LIMIT" ? parseTyped(price) : null;
  const quantity = parseTyped(qty);
  return (
    <dl className={styles.value}>
      <dt>Order value</dt>
      <dd className="number">
        {limit && quantity ? formatExact(multiply(limit, quantity)) : "–"}{" "}
        <span className="soft">{market.quoteAsset}</span>
      </dd>
    </dl>
  );
}
