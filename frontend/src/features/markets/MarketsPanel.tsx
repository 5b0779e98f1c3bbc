/** The markets to choose from, with last price and 24 h change. */

import { useMarket, useMarkets } from "@/state/markets";
import { Panel } from "@/ui/Panel";
import { Failure, LoadingRows, Placeholder } from "@/ui/Placeholder";
import { Scroll } from "@/ui/Scroll";
import { MarketRow } from "./MarketRow";
import styles from "./Markets.module.css";

export function MarketsPanel() {
  const { data: markets, error, isFetching, refetch } = useMarkets();
  const selected = useMarket();
  return (
    <Panel title="Markets" area="markets" stale={markets !== undefined && error !== null}>
      {markets && markets.length > 0 && (
        <Scroll>
          <table className="figures">
            <thead>
              <tr className={styles.head}>
                <th scope="col">Market</th>
                <th scope="col" className="number">
                  Last
                </th>
                <th scope="col" className={`number ${styles.change}`}>
                  24h
                </th>
              </tr>
            </thead>
            <tbody>
              {markets.map((market) => (
                <MarketRow
                  key={market.symbol}
                  market={market}
                  selected={market.symbol === selected?.symbol}
                />
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {markets?.length === 0 && <Placeholder>No market is listed yet.</Placeholder>}
      {!markets && error && !isFetching && <Failure error={error} retry={refetch} />}
      {!markets && (!error || isFetching) && <LoadingRows count={9} />}
    </Panel>
  );
}
