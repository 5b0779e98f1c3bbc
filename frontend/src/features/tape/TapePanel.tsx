/** The tape: every trade of the market as it happens, newest on top. */
import { memo } from "react";
import type { Market } from "@/api/types";
import { decimalsOf } from "@/domain/decimal";
import { formatFixed, formatTime } from "@/domain/format";
import type { Trade } from "@/domain/trade";
import { useMarketData } from "@/state/hooks";
import { Panel } from "@/ui/Panel";
import { LoadingRows, Placeholder } from "@/ui/Placeholder";
import { Scroll } from "@/ui/Scroll";
import styles from "./Tape.module.css";

export function TapePanel({ market }: { market: Market | null }) {
  const tape = useMarketData((data) => data.tape);
  const fresh = useMarketData((data) => data.tapeFresh);
  return (
    <Panel title="Trades" area="tape" stale={tape !== null && !fresh}>
      {market && tape && tape.length > 0 && <TapeTable market={market} tape={tape} />}
      {tape?.length === 0 && <Placeholder>No trade yet.</Placeholder>}
      {(!market || !tape) && <LoadingRows count={12} />}
    </Panel>
  );
}

function TapeTable({ market, tape }: { market: Market; tape: readonly Trade[] }) {
  const priceDecimals = decimalsOf(market.tickSize);
  const qtyDecimals = decimalsOf(market.lotSize);
  return (
    <Scroll focusable>
      <table className="figures">
        <thead>
          <tr className={styles.head}>
            <th scope="col">Price ({market.quoteAsset})</th>
            <th scope="col" className="number">
              Quantity
            </th>
            <th scope="col" className="number">
              Time
            </th>
          </tr>
        </thead>
        <tbody>
          {tape.map((trade) => (
            <TradeRow
              key={trade.tradeId}
              trade={trade}
              priceDecimals={priceDecimals}
              qtyDecimals={qtyDecimals}
            />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}

interface TradeRowProps {
  trade: Trade;
  priceDecimals: number;
  qtyDecimals: number;
}

const TradeRow = memo(function TradeRow({ trade, priceDecimals, qtyDecimals }: TradeRowProps) {
  const bought = trade.takerSide === "BUY";
  return (
    <tr className={styles.row}>
      <td className={`${styles.price} ${bought ? "buy" : "sell"}`}>
        <span className={styles.mark} aria-hidden="true">
          {bought ? "▲" : "▼"}
        </span>
        <span className="hidden-text">{bought ? "bought at " : "sold at "}</span>
        {formatFixed(trade.price, priceDecimals)}
      </td>
      <td className="number">{formatFixed(trade.qty, qtyDecimals)}</td>
      <td className="number soft">{formatTime(trade.ts)}</td>
    </tr>
  );
});
