import { describe, expect, test } from "vitest";
import { fakeExchange, list, refuse, reply } from "@/testing/fakeExchange";
import { createApi } from "./client";

const expired = () => refuse(401, "UNAUTHENTICATED", "The token has expired.");
const makeApi = () => createApi((input, init) => fetch(input, init), sessionStorage);

describe("an expired access token", () => {
  test("is renewed once for all calls that meet it together", async () => {
    const seen = fakeExchange({
      "POST /v1/auth/token/refresh": () => reply(200, { access: "new", refresh: "rotated" }),
      "GET /v1/wallet": ({ authorization }) =>
        authorization === "Bearer new" ? reply(200, { balances: [] }) : expired(),
      "GET /v1/orders/open": ({ authorization }) =>
        authorization === "Bearer new" ? list([]) : expired(),
    });
    const api = makeApi();
    api.tokens.keep({ access: "old", refresh: "first" });
    await Promise.all([api.wallet(), api.openOrders()]);
    const renewals = seen.filter(({ call }) => call.endsWith("/refresh"));
    expect(renewals.map(({ body }) => body)).toEqual([{ refresh: "first" }]);
    expect(sessionStorage.getItem("kalency.refresh")).toBe("rotated");
  });

  test("ends the session when the refresh token is refused too", async () => {
    fakeExchange({ "POST /v1/auth/token/refresh": expired, "GET /v1/wallet": expired });
    const api = makeApi();
    let lost = 0;
    api.tokens.onLost = () => {
      lost += 1;
    };
    api.tokens.keep({ access: "old", refresh: "first" });
    await expect(api.wallet()).rejects.toMatchObject({ status: 401 });
    expect([lost, api.tokens.resumable]).toEqual([1, false]);
  });

  test("keeps the session while the server is away", async () => {
    fakeExchange({ "GET /v1/wallet": expired });
    const api = makeApi();
    api.tokens.keep({ access: "old", refresh: "first" });
    await expect(api.wallet()).rejects.toMatchObject({ code: "NO_ANSWER" });
    expect(api.tokens.resumable).toBe(true);
  });
});

describe("a failed call", () => {
  test("carries the server's code, message and details", async () => {
    fakeExchange({
      "GET /v1/markets": () =>
        reply(503, {
          error: { code: "UNAVAILABLE", message: "Try later.", details: { part: "hot" } },
        }),
    });
    await expect(makeApi().markets()).rejects.toMatchObject({
      status: 503,
      code: "UNAVAILABLE",
      message: "Try later.",
      details: { part: "hot" },
    });
  });

  test("is one plain sentence when the answer is not the exchange's", async () => {
    fakeExchange({ "GET /v1/markets": () => new Response("<html>", { status: 502 }) });
    await expect(makeApi().markets()).rejects.toThrow("unexpected status (502)");
  });
});

test("candles arrive with their start in seconds", async () => {
  fakeExchange({
    "GET /v1/markets/BTC-USD/candles": () =>
      list([
        {
          symbol: "BTC-USD",
          timeframe: "1m",
          bucketStart: "1970-01-01T00:01:00.000000Z",
          open: "1",
          high: "4",
          low: "1",
          close: "2",
          volume: "9",
          quoteVolume: "18",
          trades: 3,
          final: true,
        },
      ]),
  });
  expect(await makeApi().candles("BTC-USD", "1m", 10)).toEqual([
    { start_s: 60, open: "1", high: "4", low: "1", close: "2", volume: "9" },
  ]);
});
