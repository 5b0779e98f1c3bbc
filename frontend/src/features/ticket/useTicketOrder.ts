/** Turns the ticket into an order and its outcome into a message. */
import { useRef, useState } from "react";
import { ApiError, messageOf } from "@/api/errors";
import type { Market, PlaceOrder } from "@/api/types";
import { isPositive, parseTyped } from "@/domain/decimal";
import type { Side } from "@/domain/trade";
import { usePlaceOrder } from "@/state/account";
import { useTicket } from "@/state/ticket";
import { newClientOrderId } from "./clientOrderId";
import { describeOutcome } from "./describeOutcome";

export type Message =
  | { readonly kind: "outcome"; readonly text: string }
  | { readonly kind: "refusal"; readonly text: string; readonly field?: "price" | "qty" };

type Draft = Omit<PlaceOrder, "clientOrderId">;

export function useTicketOrder(market: Market) {
  const { mutateAsync, isPending } = usePlaceOrder();
  const [message, setMessage] = useState<Message | null>(null);
  const unanswered = useRef<PlaceOrder | null>(null);

  async function submit(side: Side): Promise<void> {
    const draft = readDraft(market.symbol, side);
    if ("kind" in draft) return setMessage(draft);
    setMessage(null);
    const order = identify(draft, unanswered.current);
    try {
      const outcome = await mutateAsync(order);
      unanswered.current = null;
      setMessage({ kind: "outcome", text: describeOutcome(outcome, market) });
      useTicket.getState().change({ qty: "" });
    } catch (error) {
      const unknown = error instanceof ApiError && error.outcomeUnknown;
      unanswered.current = unknown ? order : null;
      setMessage({ kind: "refusal", text: unknown ? SILENCE : messageOf(error) });
    }
  }

  return { submit, busy: isPending, message };
}

/** What the fields say, or what is wrong with them. Everything else is the server's to judge. */
function readDraft(symbol: string, side: Side): Draft | Message {
  const ticket = useTicket.getState();
  const qty = parseTyped(ticket.qty);
  const price = parseTyped(ticket.price);
  if (ticket.type === "LIMIT" && (price === null || !isPositive(price))) {
    return { kind: "refusal", field: "price", text: "Enter a price above zero, such as 100.50." };
  }
  if (qty === null || !isPositive(qty)) {
    return { kind: "refusal", field: "qty", text: "Enter a quantity above zero, such as 0.5." };
  }
  if (ticket.type === "MARKET" || price === null) return { symbol, side, type: "MARKET", qty };
  return { symbol, side, type: "LIMIT", price, qty, timeInForce: ticket.timeInForce };
}

/**
 * Name the order. Sending the same order again after silence keeps its name, so that the exchange
 * answers for the first one instead of placing a second.
 */
function identify(draft: Draft, unanswered: PlaceOrder | null): PlaceOrder {
  if (unanswered) {
    const { clientOrderId, ...before } = unanswered;
    if (JSON.stringify(before) === JSON.stringify(draft)) return unanswered;
  }
  return { ...draft, clientOrderId: newClientOrderId() };
}

const SILENCE =
  "No answer came. The order may have been placed: look at your open orders and balances. " +
  "Sending it again unchanged will not place it twice.";
