/** One view of the market at a time, by tabs; trading and the account follow below it. */
import { Tabs } from "radix-ui";
import type { ReactNode } from "react";
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

export function PhoneLayout({ market }: { market: Market | null }) {
  const views: readonly (readonly [name: string, view: ReactNode])[] = [
    ["Chart", <ChartPanel key="chart" market={market} />],
    ["Book", <BookPanel key="book" market={market} />],
    ["Tape", <TapePanel key="tape" market={market} />],
    ["Markets", <MarketsPanel key="markets" />],
  ];
  return (
    <div className={styles.phone}>
      <Header market={market} />
      <main className={styles.stack}>
        <Tabs.Root defaultValue="Chart" className={styles.views}>
          <Tabs.List className={styles.tabs} aria-label="Market views">
            {views.map(([name]) => (
              <Tabs.Trigger key={name} value={name} className={styles.tab}>
                {name}
              </Tabs.Trigger>
            ))}
          </Tabs.List>
          {views.map(([name, view]) => (
            <Tabs.Content key={name} value={name} className={styles.view}>
              {view}
            </Tabs.Content>
          ))}
        </Tabs.Root>
        <OrderEntry market={market} />
        <OrdersPanel />
        <BalancesPanel />
      </main>
    </div>
  );
}
