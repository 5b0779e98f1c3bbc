/** What stands where data would: nothing there yet, still loading, or failed with a way on. */
import type { ReactNode } from "react";
import { messageOf } from "@/api/errors";
import { Button } from "./Button";
import styles from "./Placeholder.module.css";

export function Placeholder({ children }: { children: ReactNode }) {
  return <p className={styles.placeholder}>{children}</p>;
}

/** Grey lines in the shape of the rows to come, so that nothing jumps when they do. */
export function LoadingRows({ count }: { count: number }) {
  return (
    <div className={styles.loading} role="status">
      <span className="hidden-text">Loading…</span>
      {Array.from({ length: count }, (_, row) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all alike and never reordered
        <span key={row} className={styles.line} />
      ))}
    </div>
  );
}

export function Failure({ error, retry }: { error: unknown; retry(): void }) {
  return (
    <div className={styles.placeholder} role="status">
      <p>{messageOf(error)}</p>
      <Button look="quiet" onClick={retry}>
        Try again
      </Button>
    </div>
  );
}
