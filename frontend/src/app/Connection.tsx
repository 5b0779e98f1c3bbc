/** Whether what is on screen is live, in a word and a shape. */
import { useEffect, useState } from "react";
import type { SocketStatus } from "@/api/socket";
import { useConnection } from "@/state/hooks";
import { useServices } from "@/state/services";
import { Button } from "@/ui/Button";
import styles from "./Header.module.css";

export function Connection() {
  const status = useConnection();
  const { socket } = useServices();
  return (
    <div className={styles.connection} data-state={status.state}>
      <span role="status">
        <span className={styles.dot} aria-hidden="true" />
        {WORDS[status.state]}
      </span>
      {status.state === "waiting" && (
        <>
          <Countdown retryAt_ms={status.retryAt_ms} />
          <Button look="link" onClick={() => socket.hurry()}>
            Retry now
          </Button>
        </>
      )}
    </div>
  );
}

const WORDS: Record<SocketStatus["state"], string> = {
  connecting: "Connecting…",
  live: "Live",
  waiting: "Disconnected",
};

/** Ticks beside the announcement, not inside it: a screen reader hears the loss once. */
function Countdown({ retryAt_ms }: { retryAt_ms: number }) {
  const [now_ms, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.ceil((retryAt_ms - now_ms) / 1000));
  return <span className={styles.countdown}>retrying in {seconds} s</span>;
}
