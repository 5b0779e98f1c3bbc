/** What the ticket holds while an order is being written; the book fills in a price from here. */
import { create } from "zustand";
import type { OrderType, TimeInForce } from "@/api/types";
import type { Decimal } from "@/domain/decimal";

interface TicketState {
  readonly type: OrderType;
  readonly price: string;
  readonly qty: string;
  readonly timeInForce: TimeInForce;
  change(part: Partial<Pick<TicketState, "type" | "price" | "qty" | "timeInForce">>): void;
  /** A price picked elsewhere turns the ticket into a limit order at that price. */
  pickPrice(price: Decimal): void;
  clear(): void;
}

export const useTicket = create<TicketState>((set) => ({
  type: "LIMIT",
  price: "",
  qty: "",
  timeInForce: "GTC",
  change: (part) => set(part),
  pickPrice: (price) => set({ type: "LIMIT", price }),
  clear: () => set({ price: "", qty: "" }),
}));
