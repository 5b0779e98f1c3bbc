/** What became of the last order. Its place is always kept, so that nothing moves when it comes. */
import styles from "./Ticket.module.css";
import type { Message } from "./useTicketOrder";

interface TicketMessageProps {
  id: string;
  message: Message | null;
  paused: boolean;
}

export function TicketMessage({ id, message, paused }: TicketMessageProps) {
  return (
    <div className={styles.messages}>
      {message?.kind === "refusal" && (
        <p id={id} role="alert" className={styles.refusal}>
          {message.text}
        </p>
      )}
      <p role="status" className={message?.kind === "outcome" ? styles.outcome : undefined}>
        {message?.kind === "outcome" && message.text}
      </p>
      {!message && paused && (
        <p className={styles.paused}>
          Trading has been stopped. Open orders can still be canceled.
        </p>
      )}
    </div>
  );
}
