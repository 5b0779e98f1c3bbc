/** The ticket's fields and buttons; `useTicketOrder` sends what they say. */
import { type FormEvent, type KeyboardEvent, useId } from "react";
import type { Market } from "@/api/types";
import type { Side } from "@/domain/trade";
import { useTicket } from "@/state/ticket";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { Segmented } from "@/ui/Segmented";
import { Funds } from "./Funds";
import { OrderValue } from "./OrderValue";
import { StepField } from "./StepField";
import styles from "./Ticket.module.css";
import { TicketMessage } from "./TicketMessage";
import { useTicketOrder } from "./useTicketOrder";

const TYPES = [
  { value: "LIMIT", label: "Limit" },
  { value: "MARKET", label: "Market" },
] as const;

const TIMES_IN_FORCE = [
  { value: "GTC", label: "GTC" },
  { value: "IOC", label: "IOC" },
] as const;

export function TicketForm({ market }: { market: Market }) {
  const { type, price, qty, timeInForce, change } = useTicket();
  const { submit, busy, message } = useTicketOrder(market);
  const messageId = useId();
  const invalid = message?.kind === "refusal" ? message.field : undefined;

  function handleSubmit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const { submitter } = event.nativeEvent as SubmitEvent;
    if (submitter instanceof HTMLButtonElement) submit(submitter.value as Side);
  }

  return (
    <form
      className={styles.form}
      onSubmit={handleSubmit}
      onKeyDown={ignoreEnterInFields}
      noValidate
    >
      <Segmented
        wide
        legend="Order type"
        options={TYPES}
        value={type}
        onChange={(value) => change({ type: value })}
      />
      <Funds market={market} />
      {type === "LIMIT" ? (
        <StepField
          label="Price"
          unit={market.quoteAsset}
          size={market.tickSize}
          value={price}
          onValue={(value) => change({ price: value })}
          aria-invalid={invalid === "price"}
          aria-errormessage={messageId}
        />
      ) : (
        <Field label="Price" unit={market.quoteAsset} placeholder="Best on offer" disabled />
      )}
      <StepField
        label="Quantity"
        unit={market.baseAsset}
        size={market.lotSize}
        value={qty}
        onValue={(value) => change({ qty: value })}
        aria-invalid={invalid === "qty"}
        aria-errormessage={messageId}
      />
      <div className={styles.terms}>
        <Segmented
          legend="Time in force"
          legendShown
          options={TIMES_IN_FORCE}
          value={type === "MARKET" ? "IOC" : timeInForce === "IOC" ? "IOC" : "GTC"}
          onChange={(value) => change({ timeInForce: value })}
          disabled={type === "MARKET"}
        />
        <OrderValue market={market} />
      </div>
      <div className={styles.sides}>
        <Button look="buy" type="submit" value="BUY" disabled={busy}>
          Buy
        </Button>
        <Button look="sell" type="submit" value="SELL" disabled={busy}>
          Sell
        </Button>
      </div>
      <TicketMessage id={messageId} message={message} paused={market.status !== "TRADING"} />
    </form>
  );
}

/** Enter in a field would press the first button: it doesn't say which side it means. */
function ignoreEnterInFields(event: KeyboardEvent<HTMLFormElement>): void {
  if (event.key === "Enter" && event.target instanceof HTMLInputElement) event.preventDefault();
}
