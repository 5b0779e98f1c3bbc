import { screen, waitFor } from "@testing-library/react";
import { beforeEach, describe, expect, test } from "vitest";
import type { PlaceOrder } from "@/api/types";
import { useTicket } from "@/state/ticket";
import { fakeExchange, list, refuse, reply } from "@/testing/fakeExchange";
import { renderTerminal } from "@/testing/renderTerminal";
import { anOrder, market } from "@/testing/samples";
import { TicketPanel } from "./TicketPanel";

const wallet = () =>
  reply(200, {
    balances: [
      { asset: "USD", available: "68000.123456", reserved: "0.000000", total: "68000.123456" },
    ],
  });

type Answers = Parameters<typeof fakeExchange>[0];

async function openTicket(answers: Answers = {}) {
  const seen = fakeExchange({
    "GET /v1/wallet": wallet,
    "GET /v1/orders/open": () => list([]),
    "POST /v1/auth/token": () => reply(200, { access: "a", refresh: "r" }),
    "GET /v1/account": () => reply(200, { username: "ada", isStaff: false }),
    ...answers,
  });
  const rendered = renderTerminal(<TicketPanel market={market} />);
  await rendered.services.session.logIn({ username: "ada", password: "correct horse" });
  const orders = () =>
    seen.filter(({ call }) => call === "POST /v1/orders").map(({ body }) => body as PlaceOrder);
  return { ...rendered, seen, orders };
}

type User = Awaited<ReturnType<typeof openTicket>>["user"];

async function fillIn(user: User, price: string, qty: string) {
  await user.type(screen.getByLabelText("Price"), price);
  await user.type(screen.getByLabelText("Quantity"), qty);
}

const press = (user: User, name: "Buy" | "Sell") =>
  user.click(screen.getByRole("button", { name }));

beforeEach(() => {
  useTicket.setState(useTicket.getInitialState());
});

describe("placing", () => {
  test("sends a limit order as typed, with a name of its own", async () => {
    const { user, orders } = await openTicket({ "POST /v1/orders": () => reply(201, anOrder()) });
    await fillIn(user, "64000.00", "0.5");
    await press(user, "Buy");
    expect(await screen.findByText(/is in the book/)).toHaveRole("status");
    expect(orders()).toEqual([
      {
        clientOrderId: expect.stringMatching(/^[0-9a-f]{32}$/),
        symbol: "BTC-USD",
        side: "BUY",
        type: "LIMIT",
        price: "64000",
        qty: "0.5",
        timeInForce: "GTC",
      },
    ]);
  });

  test("sends a market order without price or time in force", async () => {
    const filled = anOrder({ side: "SELL", status: "FILLED", filledQty: "0.5", avgPrice: "63999" });
    const { user, orders } = await openTicket({ "POST /v1/orders": () => reply(201, filled) });
    await user.click(screen.getByRole("radio", { name: "Market" }));
    expect(screen.getByLabelText("Price")).toBeDisabled();
    await user.type(screen.getByLabelText("Quantity"), "0.5");
    await press(user, "Sell");
    await screen.findByText("Sold 0.5 BTC at 63,999.00 USD.");
    expect(orders()[0]).not.toHaveProperty("price");
    expect(orders()[0]).not.toHaveProperty("timeInForce");
  });

  test("sends the time in force that was chosen", async () => {
    const { user, orders } = await openTicket({ "POST /v1/orders": () => reply(201, anOrder()) });
    await user.click(screen.getByRole("radio", { name: "IOC" }));
    await fillIn(user, "64000", "1");
    await press(user, "Buy");
    await waitFor(() => expect(orders()[0]?.timeInForce).toBe("IOC"));
  });

  test("reads the wallet again afterwards", async () => {
    const { user, seen } = await openTicket({ "POST /v1/orders": () => reply(201, anOrder()) });
    await fillIn(user, "64000", "1");
    const reads = () => seen.filter(({ call }) => call === "GET /v1/wallet").length;
    await waitFor(() => expect(reads()).toBe(1));
    await press(user, "Buy");
    await waitFor(() => expect(reads()).toBe(2));
  });
});

describe("refusals", () => {
  test("show the server's words and keep the fields", async () => {
    const { user } = await openTicket({
      "POST /v1/orders": () => refuse(422, "INSUFFICIENT_FUNDS", "Not enough USD available."),
    });
    await fillIn(user, "64000", "5");
    await press(user, "Buy");
    expect(await screen.findByRole("alert")).toHaveTextContent("Not enough USD available.");
    expect(screen.getByLabelText("Quantity")).toHaveValue("5");
  });

  test.each([
    ["", "1", "Price"],
    ["0", "1", "Price"],
    ["1,000", "1", "Price"],
    ["64000", "", "Quantity"],
    ["64000", "-1", "Quantity"],
  ])("of price %j and quantity %j name the field and send nothing", async (price, qty, field) => {
    const { user, orders } = await openTicket();
    useTicket.getState().change({ price, qty });
    await press(user, "Buy");
    expect(await screen.findByRole("alert")).toHaveTextContent(`Enter a ${field.toLowerCase()}`);
    expect(screen.getByLabelText(field)).toBeInvalid();
    expect(orders()).toEqual([]);
  });

  test("go away with the next success", async () => {
    let attempts = 0;
    const { user } = await openTicket({
      "POST /v1/orders": () => {
        attempts += 1;
        return attempts === 1 ? refuse(400, "INVALID_PRICE", "Off tick.") : reply(201, anOrder());
      },
    });
    await fillIn(user, "64000.3", "1");
    await press(user, "Buy");
    await screen.findByRole("alert");
    await press(user, "Buy");
    await screen.findByText(/is in the book/);
    expect(screen.queryByRole("alert")).not.toBeInTheDocument();
  });
});

describe("silence", () => {
  test("is said to be silence, and the same order keeps its name", async () => {
    let attempts = 0;
    const { user, orders } = await openTicket({
      "POST /v1/orders": () => {
        attempts += 1;
        if (attempts === 1) throw new TypeError("network down");
        return reply(201, anOrder());
      },
    });
    await fillIn(user, "64000", "1");
    await press(user, "Buy");
    expect(await screen.findByRole("alert")).toHaveTextContent("may have been placed");
    await press(user, "Buy");
    await screen.findByText(/is in the book/);
    const [first, second] = orders();
    expect(second).toEqual(first);
  });

  test("does not lend its name to a different order", async () => {
    const { user, orders } = await openTicket({
      "POST /v1/orders": () => refuse(503, "UNKNOWN_OUTCOME", "No ack came."),
    });
    await fillIn(user, "64000", "1");
    await press(user, "Buy");
    await screen.findByRole("alert");
    await press(user, "Sell");
    await waitFor(() => expect(orders()).toHaveLength(2));
    const names = new Set(orders().map(({ clientOrderId }) => clientOrderId));
    expect(names.size).toBe(2);
  });
});

describe("fields", () => {
  test("move by the market's own steps with the arrow keys", async () => {
    const { user } = await openTicket();
    await user.type(screen.getByLabelText("Price"), "64000{ArrowUp}");
    expect(screen.getByLabelText("Price")).toHaveValue("64000.5");
    await user.type(screen.getByLabelText("Quantity"), "{ArrowUp}{ArrowUp}");
    expect(screen.getByLabelText("Quantity")).toHaveValue("0.0002");
  });

  test("do not trade on Enter, which says neither buy nor sell", async () => {
    const { user, orders } = await openTicket();
    await fillIn(user, "64000", "1{Enter}");
    expect(orders()).toEqual([]);
    expect(screen.queryByRole("alert")).not.toBeInTheDocument();
  });

  test("take a price picked from the book, even in a market order", async () => {
    const { user } = await openTicket();
    await user.click(screen.getByRole("radio", { name: "Market" }));
    useTicket.getState().pickPrice("63999.50");
    await waitFor(() => expect(screen.getByLabelText("Price")).toHaveValue("63999.50"));
    expect(screen.getByRole("radio", { name: "Limit" })).toBeChecked();
  });

  test("show exactly what is available and what the order is worth", async () => {
    const { user } = await openTicket();
    await fillIn(user, "64000.5", "0.0003");
    expect(await screen.findByText("68,000.123456")).toBeInTheDocument();
    expect(screen.getByText("19.20015")).toBeInTheDocument();
  });
});
