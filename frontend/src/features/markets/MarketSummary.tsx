/** The market on screen at a glance: last price with its direction, 24 h change and volume. */
import type { ReactNode } from "react";
import type { Market } from "@/api/types";
import { decimalsOf } from "@/domain/decimal";
import { formatCompact, formatFixed } from "@/domain/format";
import { useMarketData } from "@/state/hooks";
import { Change } from "./Change";
import styles from "./MarketSummary.module.css";

export function MarketSummary({ market }: { market: Market | null }) {
  return (
    <div className={styles.summary}>
      <span className={styles.symbol}>{market?.symbol ?? "–"}</span>
      <LastPrice market={market} />
      <dl className={styles.figures}>
        <Figure name="24h change">
          <Change percent={market?.change24hPct ?? null} />
        </Figure>
        <Figure name="24h volume">
          {market ? `${formatCompact(market.volume24h)} ${market.baseAsset}` : "–"}
        </Figure>
      </dl>
      {market && market.status !== "TRADING" && (
        <span className={styles.paused}>Trading {market.status.toLowerCase()}</span>
      )}
    </div>
  );
}

function LastPrice({ market }: { market: Market | null }) {
  const live = useMarketData((data) => (data.symbol === market?.symbol ? data.lastPrice : null));
  const direction = useMarketData((data) => data.direction);
  const price = live ?? market?.lastPrice;
  if (!market || !price) return <span className={styles.last}>–</span>;
  return (
    <span className={`${styles.last} ${direction === 0 ? "" : direction > 0 ? "buy" : "sell"}`}>
      {formatFixed(price, decimalsOf(market.tickSize))}
      <span className={styles.arrow} aria-hidden="true">
        {direction === 0 ? "" : direction > 0 ? "▲" : "▼"}
      </span>
    </span>
  );
}

function Figure({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
