/** The trader's open orders in every market, each with its way out. */
import { messageOf } from "@/api/errors";
import type { Market } from "@/api/types";
import { useCancelAll, useOpenOrders } from "@/state/account";
import { useSession } from "@/state/hooks";
import { useMarkets } from "@/state/markets";
import { Button } from "@/ui/Button";
import { Panel } from "@/ui/Panel";
import { Failure, LoadingRows, Placeholder } from "@/ui/Placeholder";
import { Scroll } from "@/ui/Scroll";
import { OrderRow } from "./OrderRow";
import styles from "./Orders.module.css";

export function OrdersPanel() {
  const { status } = useSession();
  const { data: orders, error } = useOpenOrders();
  const cancelAll = useCancelAll();
  const listed = status === "in" && orders !== undefined;
  return (
    <Panel
      title="Open orders"
      area="orders"
      stale={listed && error !== null}
      aside={
        listed &&
        orders.length > 0 && (
          <>
            <span className="soft">{orders.length}</span>
            <Button
              look="quiet"
              disabled={cancelAll.isPending}
              onClick={() => cancelAll.mutate(undefined)}
            >
              Cancel all
            </Button>
          </>
        )
      }
    >
      {cancelAll.error && (
        <p role="alert" className={styles.refusal}>
          {messageOf(cancelAll.error)}
        </p>
      )}
      {status === "in" ? (
        <OpenOrders />
      ) : (
        <Placeholder>Log in to see your orders here.</Placeholder>
      )}
    </Panel>
  );
}

function OpenOrders() {
  const { data: orders, error, refetch } = useOpenOrders();
  const { data: markets } = useMarkets();
  if (!orders) return error ? <Failure error={error} retry={refetch} /> : <LoadingRows count={4} />;
  if (orders.length === 0) return <Placeholder>No open orders.</Placeholder>;
  const bySymbol = new Map<string, Market>(markets?.map((market) => [market.symbol, market]));
  return (
    <Scroll>
      <table className="figures">
        <thead>
          <tr className={styles.head}>
            <th scope="col" className={styles.time}>
              Time
            </th>
            <th scope="col" className={styles.market}>
              Market
            </th>
            <th scope="col" className={styles.side}>
              Side
            </th>
            <th scope="col" className="number">
              Price
            </th>
            <th scope="col" className="number">
              Quantity
            </th>
            <th scope="col" className={`number ${styles.filled}`}>
              Filled
            </th>
            <th scope="col" className={styles.action}>
              <span className="hidden-text">Action</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {orders.map((order) => (
            <OrderRow key={order.orderId} order={order} market={bySymbol.get(order.symbol)} />
          ))}
        </tbody>
      </table>
    </Scroll>
  );
}
