/** Everything at once, on a grid that grows with the window. */
import type { Market } from "@/api/types";
import { BalancesPanel } from "@/features/balances/BalancesPanel";
import { BookPanel } from "@/features/book/BookPanel";
import { ChartPanel } from "@/features/chart/ChartPanel";
import { MarketsPanel } from "@/features/markets/MarketsPanel";
import { OrdersPanel } from "@/features/orders/OrdersPanel";
import { TapePanel } from "@/features/tape/TapePanel";
import { Header } from "./Header";
import styles from "./Layout.module.css";
import { OrderEntry } from "./OrderEntry";

export function DesktopLayout({ market }: { market: Market | null }) {
  return (
    <div className={styles.desktop}>
      <Header market={market} />
      <main className={styles.contents}>
        <div className={styles.left}>
          <MarketsPanel />
          <TapePanel market={market} />
        </div>
        <ChartPanel market={market} />
        <BookPanel market={market} />
        <OrdersPanel />
        <div className={styles.right}>
          <OrderEntry market={market} />
          <BalancesPanel />
        </div>
      </main>
    </div>
  );
}
