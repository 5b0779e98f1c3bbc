/**
 * The trader's own data: open orders and wallet, and the actions that change them. Both are read
 * again after each action and polled gently. This module is the only one that knows how they
 * arrive: the private channels can take the poll's place here without touching a view.
 */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { PlaceOrder } from "@/api/types";
import { useSession } from "./hooks";
import { ACCOUNT_KEY } from "./queries";
import { useServices } from "./services";

/** TanStack Query polls only while the tab is visible. */
const POLL_MS = 2_000;

const ORDERS_KEY = [...ACCOUNT_KEY, "orders"] as const;
const WALLET_KEY = [...ACCOUNT_KEY, "wallet"] as const;

export function useOpenOrders() {
  const { api } = useServices();
  return useQuery({
    queryKey: ORDERS_KEY,
    queryFn: ({ signal }) => api.openOrders(signal),
    refetchInterval: POLL_MS,
    enabled: useSession().status === "in",
  });
}

export function useWallet() {
  const { api } = useServices();
  return useQuery({
    queryKey: WALLET_KEY,
    queryFn: ({ signal }) => api.wallet(signal),
    refetchInterval: POLL_MS,
    enabled: useSession().status === "in",
  });
}

export function usePlaceOrder() {
  const { api } = useServices();
  return useOwnAction((order: PlaceOrder) => api.placeOrder(order));
}

export function useCancelOrder() {
  const { api } = useServices();
  return useOwnAction((orderId: string) => api.cancelOrder(orderId));
}

export function useCancelAll() {
  const { api } = useServices();
  return useOwnAction(() => api.cancelAll());
}

/** An action counts as done once what it changed has been read again. */
function useOwnAction<Input, Answer>(act: (input: Input) => Promise<Answer>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSettled: () => client.invalidateQueries({ queryKey: ACCOUNT_KEY }),
  });
}
