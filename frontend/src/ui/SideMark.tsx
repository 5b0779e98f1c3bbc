/** A side of the market in colour, shape and word: any one of the three is enough. */
import type { Side } from "@/domain/trade";

export function SideMark({ side }: { side: Side }) {
  return side === "BUY" ? (
    <span className="buy">
      <span aria-hidden="true">▲ </span>Buy
    </span>
  ) : (
    <span className="sell">
      <span aria-hidden="true">▼ </span>Sell
    </span>
  );
}
