/** The market listing, and which market is on screen (kept in the address, so it can be shared). */
import { useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import type { Market } from "@/api/types";
import { useServices } from "./services";

/** Last prices of the markets that are not on screen move at this pace. */
const LISTING_MS = 3_000;

export function useMarkets() {
  const { api } = useServices();
  return useQuery({
    queryKey: ["markets"],
    queryFn: ({ signal }) => api.markets(signal),
    refetchInterval: LISTING_MS,
  });
}

const readAddress = () => decodeURIComponent(window.location.hash.slice(1));

function subscribeToAddress(onChange: () => void): () => void {
  window.addEventListener("hashchange", onChange);
  return () => window.removeEventListener("hashchange", onChange);
}

export function selectMarket(symbol: string): void {
  window.location.hash = encodeURIComponent(symbol);
}

/** The market on screen: the one in the address, or else the first of the listing. */
export function useMarket(): Market | null {
  const address = useSyncExternalStore(subscribeToAddress, readAddress);
  const { data: markets } = useMarkets();
  return markets?.find(({ symbol }) => symbol === address) ?? markets?.[0] ?? null;
}
