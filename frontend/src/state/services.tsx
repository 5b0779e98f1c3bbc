/** Everything with a life of its own (API, socket, session, caches), made once and handed down. */
import { type QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext } from "react";
import { createStore, type StoreApi } from "zustand/vanilla";
import { type Api, createApi } from "@/api/client";
import { LiveSocket, type SocketStatus } from "@/api/socket";
import { MarketFeed } from "./marketFeed";
import { ACCOUNT_KEY, createQueries } from "./queries";
import { Session } from "./session";

export interface Services {
  readonly api: Api;
  readonly queries: QueryClient;
  readonly session: Session;
  readonly socket: LiveSocket;
  readonly connection: StoreApi<SocketStatus>;
  readonly feed: MarketFeed;
}

export function createServices(): Services {
  const api = createApi((input, init) => fetch(input, init), window.sessionStorage);
  const queries = createQueries();
  const session = new Session(api, () => queries.removeQueries({ queryKey: ACCOUNT_KEY }));
  const connection = createStore<SocketStatus>(() => ({ state: "connecting" }));
  const socket = new LiveSocket(socketUrl(window.location), (status) =>
    connection.setState(status, true),
  );
  return { api, queries, session, socket, connection, feed: new MarketFeed(socket) };
}

function socketUrl({ protocol, host }: Location): string {
  return `${protocol === "https:" ? "wss" : "ws"}://${host}/ws`;
}

const ServicesContext = createContext<Services | null>(null);

export function ServicesProvider({
  services,
  children,
}: {
  services: Services;
  children: ReactNode;
}) {
  return (
    <ServicesContext value={services}>
      <QueryClientProvider client={services.queries}>{children}</QueryClientProvider>
    </ServicesContext>
  );
}

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (!services) throw new Error("useServices needs a ServicesProvider above it");
  return services;
}
