/** What the trader can spend on either side, as the wallet says. */
import type { Market } from "@/api/types";
import { formatExact } from "@/domain/format";
import { useWallet } from "@/state/account";
import styles from "./Ticket.module.css";

export function Funds({ market }: { market: Market }) {
  const { data: wallet } = useWallet();
  const available = (asset: string) => {
    if (!wallet) return "–";
    return formatExact(wallet.balances.find((one) => one.asset === asset)?.available ?? "0");
  };
  return (
    <dl className={styles.funds}>
      {[market.quoteAsset, market.baseAsset].map((asset) => (
        <div key={asset}>
          <dt>Available</dt>
          <dd className="number">
            {available(asset)} <span className="soft">{asset}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
}
