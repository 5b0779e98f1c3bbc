/** The part of a panel that scrolls when its content outgrows it. */
import type { ReactNode } from "react";
import styles from "./Scroll.module.css";

interface ScrollProps {
  /** Nothing inside takes the focus, so the keyboard must be able to scroll the area itself. */
  focusable?: boolean;
  children: ReactNode;
}

export function Scroll({ focusable = false, children }: ScrollProps) {
  return (
    <div className={styles.scroll} tabIndex={focusable ? 0 : undefined}>
      {children}
    </div>
  );
}
