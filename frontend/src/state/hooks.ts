/** React's way into the stores that live outside of it. */
import { useStore } from "zustand";
import type { MarketData } from "./marketFeed";
import { useServices } from "./services";

export function useMarketData<Part>(select: (data: MarketData) => Part): Part {
  return useStore(useServices().feed.store, select);
}

export function useSession() {
  return useStore(useServices().session.store);
}

export function useConnection() {
  return useStore(useServices().connection);
}
