/** Where orders are written: one set of fields, a button for each side of the market. */
import type { Market } from "@/api/types";
import { Panel } from "@/ui/Panel";
import { LoadingRows } from "@/ui/Placeholder";
import { TicketForm } from "./TicketForm";

export function TicketPanel({ market }: { market: Market | null }) {
  return (
    <Panel title="Order" area="ticket">
      {market ? <TicketForm key={market.symbol} market={market} /> : <LoadingRows count={8} />}
    </Panel>
  );
}
