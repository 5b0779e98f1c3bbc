/** The prices at which the trader has open orders in a market, in canonical spelling. */
import { useMemo } from "react";
import { canonical, type Decimal } from "@/domain/decimal";
import { useOpenOrders } from "@/state/account";
import { useSession } from "@/state/hooks";

const NONE: ReadonlySet<Decimal> = new Set();

export function useOwnPrices(symbol: string): ReadonlySet<Decimal> {
  const loggedIn = useSession().status === "in";
  const { data: orders } = useOpenOrders();
  return useMemo(() => {
    if (!loggedIn || !orders) return NONE;
    const prices = orders.flatMap((order) =>
      order.symbol === symbol && order.price !== null ? [canonical(order.price)] : [],
    );
    return new Set(prices);
  }, [loggedIn, orders, symbol]);
}
