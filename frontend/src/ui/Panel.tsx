/** A titled region of the terminal, with room for controls beside the title. */
import { type ReactNode, useId } from "react";
import styles from "./Panel.module.css";

interface PanelProps {
  title: string;
  /** The place in the layout's grid. */
  area?: string;
  /** Controls or figures at the right of the title. */
  aside?: ReactNode;
  /** What is shown may no longer be true: dim it and say so. */
  stale?: boolean;
  children: ReactNode;
}

export function Panel({ title, area, aside, stale = false, children }: PanelProps) {
  const id = useId();
  return (
    <section className={styles.panel} aria-labelledby={id} style={{ gridArea: area }}>
      <header className={styles.head}>
        <h2 id={id} className={styles.title}>
          {title}
        </h2>
        {stale && <span className={styles.stale}>Not live</span>}
        {aside && <div className={styles.aside}>{aside}</div>}
      </header>
      <div className={styles.body} data-stale={stale || undefined}>
        {children}
      </div>
    </section>
  );
}
