/** What the trader owns, to the last digit, as the server says. */
import type { Wallet } from "@/api/types";
import { formatExact } from "@/domain/format";
import { useWallet } from "@/state/account";
import { useSession } from "@/state/hooks";
import { Panel } from "@/ui/Panel";
import { Failure, LoadingRows, Placeholder } from "@/ui/Placeholder";
import { Scroll } from "@/ui/Scroll";
import styles from "./Balances.module.css";

export function BalancesPanel() {
  const { status } = useSession();
  const { data: wallet, error, refetch } = useWallet();
  const loggedIn = status === "in";
  return (
    <Panel title="Balances" area="balances" stale={loggedIn && !!wallet && error !== null}>
      {!loggedIn && <Placeholder>Every new account starts with paper money to trade.</Placeholder>}
      {loggedIn && wallet && <BalanceTable wallet={wallet} />}
      {loggedIn && !wallet && error && <Failure error={error} retry={refetch} />}
      {loggedIn && !wallet && !error && <LoadingRows count={3} />}
    </Panel>
  );
}

function BalanceTable({ wallet }: { wallet: Wallet }) {
  if (wallet.balances.length === 0) return <Placeholder>No funds yet.</Placeholder>;
  return (
    <Scroll focusable>
      <table className="figures">
        <thead>
          <tr className={styles.head}>
            <th scope="col">Asset</th>
            <th scope="col" className="number">
              Available
            </th>
            <th scope="col" className="number">
              Reserved
            </th>
            <th scope="col" className={`number ${styles.total}`}>
              Total
            </th>
          </tr>
        </thead>
        <tbody>
          {wallet.balances.map(({ asset, available, reserved, total }) => (
            <tr key={asset} className={styles.row}>
              <th scope="row">{asset}</th>
              <td className="number">{formatExact(available)}</td>
              <td className="number soft">{formatExact(reserved)}</td>
              <td className={`number ${styles.total}`}>{formatExact(total)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
