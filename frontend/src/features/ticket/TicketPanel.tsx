/** Where orders are written: one set of fields, a button for each side of the market. */
import { useEffect } from "react";
import type { Market } from "@/api/types";
import { useTicket } from "@/state/ticket";
import { Panel } from "@/ui/Panel";
import { LoadingRows } from "@/ui/Placeholder";
import { TicketForm } from "./TicketForm";

export function TicketPanel({ market }: { market: Market | null }) {
  const symbol = market?.symbol;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another market starts an empty ticket
  useEffect(() => useTicket.getState().clear(), [symbol]);
  return (
    <Panel title="Order" area="ticket">
      {market ? <TicketForm key={market.symbol} market={market} /> : <LoadingRows count={8} />}
    </Panel>
  );
}
