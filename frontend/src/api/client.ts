/** Every REST call the terminal makes, typed. Authenticated calls renew an expired token once. */
import type { Candle, Timeframe } from "@/domain/candles";
import { ApiError } from "./errors";
import { type Call, createSend } from "./http";
import { Tokens } from "./tokens";
import type {
  Account,
  CandleItem,
  Credentials,
  Market,
  Order,
  Page,
  PlaceOrder,
  TokenPair,
  Wallet,
} from "./types";

export type Api = ReturnType<typeof createApi>;

export function createApi(fetcher: typeof fetch, storage: Storage) {
  const send = createSend(fetcher);
  const tokens = new Tokens(
    (refresh) => send({ method: "POST", path: "/v1/auth/token/refresh", body: { refresh } }),
    storage,
  );

  async function sendAs<Answer>(call: Omit<Call, "token">): Promise<Answer> {
    const token = await tokens.current();
    try {
      return await send<Answer>({ ...call, token });
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401 || token === null) throw error;
      const renewed = await tokens.replace(token);
      if (renewed === null) throw error;
      return send<Answer>({ ...call, token: renewed });
    }
  }

  return {
    tokens,

    register: (credentials: Credentials) =>
      send<unknown>({ method: "POST", path: "/v1/auth/register", body: credentials }),
    logIn: async (credentials: Credentials) =>
      tokens.keep(
        await send<TokenPair>({ method: "POST", path: "/v1/auth/token", body: credentials }),
      ),
    account: () => sendAs<Account>({ method: "GET", path: "/v1/account" }),

    markets: (signal?: AbortSignal) =>
      send<Page<Market>>({ method: "GET", path: "/v1/markets", signal }).then(({ items }) => items),
    candles: async (
      symbol: string,
      timeframe: Timeframe,
      limit: number,
      signal?: AbortSignal,
    ): Promise<Candle[]> => {
      const path = `/v1/markets/${encodeURIComponent(symbol)}/candles?tf=${timeframe}&limit=${limit}`;
      const { items } = await send<Page<CandleItem>>({ method: "GET", path, signal });
      return items.map(candleFromItem);
    },

    wallet: (signal?: AbortSignal) => sendAs<Wallet>({ method: "GET", path: "/v1/wallet", signal }),
    openOrders: (signal?: AbortSignal) =>
      sendAs<Page<Order>>({ method: "GET", path: "/v1/orders/open", signal }).then(
        ({ items }) => items,
      ),
    placeOrder: (order: PlaceOrder) =>
      sendAs<Order>({ method: "POST", path: "/v1/orders", body: order }),
    cancelOrder: (orderId: string) =>
      sendAs<Order>({ method: "DELETE", path: `/v1/orders/${encodeURIComponent(orderId)}` }),
    cancelAll: () => sendAs<unknown>({ method: "DELETE", path: "/v1/orders" }),
  };
}

function candleFromItem({ bucketStart, open, high, low, close, volume }: CandleItem): Candle {
  return { start_s: Date.parse(bucketStart) / 1000, open, high, low, close, volume };
}
