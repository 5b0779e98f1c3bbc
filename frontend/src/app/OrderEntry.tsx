/** The place where trading starts: the log-in until somebody is in, then the ticket. */
import type { Market } from "@/api/types";
import { SessionPanel } from "@/features/session/SessionPanel";
import { TicketPanel } from "@/features/ticket/TicketPanel";
import { useSession } from "@/state/hooks";

export function OrderEntry({ market }: { market: Market | null }) {
  return useSession().status === "in" ? <TicketPanel market={market} /> : <SessionPanel />;
}
