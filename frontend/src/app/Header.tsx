/** The bar on top: the name, the market at a glance, the connection, the account. */
import type { Market } from "@/api/types";
import { MarketSummary } from "@/features/markets/MarketSummary";
import { AccountMenu } from "@/features/session/AccountMenu";
import { Connection } from "./Connection";
import styles from "./Header.module.css";
import { ThemeSwitch } from "./ThemeSwitch";

export function Header({ market }: { market: Market | null }) {
  return (
    <header className={styles.header}>
      <h1 className={styles.name}>
        <svg viewBox="0 0 32 32" aria-hidden="true">
          <path d="M9 7v18M22.5 7.5 12.5 16l10 8.5" />
        </svg>
        Kalency
      </h1>
      <div className={styles.summary}>
        <MarketSummary market={market} />
      </div>
      <div className={styles.tools}>
        <Connection />
        <ThemeSwitch />
        <AccountMenu />
      </div>
    </header>
  );
}
