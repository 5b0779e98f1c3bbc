/** The cache of what REST answered, and the keys by which parts of it are found. */
import { QueryClient } from "@tanstack/react-query";

/** Everything that belongs to the trader who is logged in, and goes when they leave. */
export const ACCOUNT_KEY = ["account"] as const;

export function createQueries(): QueryClient {
  // A local stack answers without any network, so the browser's opinion of it must not matter.
  const networkMode = "always";
  return new QueryClient({
    defaultOptions: {
      queries: { networkMode, retry: 1, refetchOnWindowFocus: true },
      mutations: { networkMode, retry: false },
    },
  });
}
