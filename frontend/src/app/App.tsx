/** The terminal: follows the market on screen and lays the features out for the window's width. */
import { useEffect } from "react";
import { useMarket } from "@/state/markets";
import { useServices } from "@/state/services";
import { useTicket } from "@/state/ticket";
import { useMediaQuery } from "@/ui/useMediaQuery";
import { DesktopLayout } from "./DesktopLayout";
import { PhoneLayout } from "./PhoneLayout";
import { useTitle } from "./useTitle";

export function App() {
  const { feed } = useServices();
  const market = useMarket();
  const symbol = market?.symbol;
  const phone = useMediaQuery("(max-width: 760px)");
  useEffect(() => {
    if (!symbol) return;
    feed.follow(symbol);
    // Figures typed for one market mean nothing in the next.
    return () => useTicket.getState().clear();
  }, [feed, symbol]);
  useTitle(market);
  return phone ? <PhoneLayout market={market} /> : <DesktopLayout market={market} />;
}
