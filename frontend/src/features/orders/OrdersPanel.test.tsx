import { screen, waitFor, within } from "@testing-library/react";
import { expect, test } from "vitest";
import { fakeExchange, list, refuse, reply } from "@/testing/fakeExchange";
import { renderTerminal } from "@/testing/renderTerminal";
import { anOrder, market } from "@/testing/samples";
import { OrdersPanel } from "./OrdersPanel";

type Answers = Parameters<typeof fakeExchange>[0];

async function openPanel(answers: Answers) {
  fakeExchange({
    "GET /v1/markets": () => list([market]),
    "POST /v1/auth/token": () => reply(200, { access: "a", refresh: "r" }),
    "GET /v1/account": () => reply(200, { username: "ada", isStaff: false }),
    ...answers,
  });
  const rendered = renderTerminal(<OrdersPanel />);
  await rendered.services.session.logIn({ username: "ada", password: "correct horse" });
  const row = async (name: RegExp) => within(await screen.findByRole("row", { name }));
  return { ...rendered, row };
}

/** An exchange that holds orders and cancels them. */
function holding(...orders: ReturnType<typeof anOrder>[]): Answers {
  let open = orders;
  const cancels = orders.map(({ orderId }) => [
    `DELETE /v1/orders/${orderId}`,
    () => {
      open = open.filter((order) => order.orderId !== orderId);
      return reply(200, anOrder({ orderId, status: "CANCELED" }));
    },
  ]);
  return {
    ...Object.fromEntries(cancels),
    "GET /v1/orders/open": () => list(open),
    "DELETE /v1/orders": () => {
      open = [];
      return list([]);
    },
  };
}

const first = anOrder({ orderId: "1", price: "64000.00" });
const second = anOrder({ orderId: "2", price: "63000.00", side: "SELL" });

test("cancels the order of its row only", async () => {
  const { user, row } = await openPanel(holding(first, second));
  await user.click((await row(/64,000/)).getByRole("button", { name: "Cancel" }));
  await waitFor(() => expect(screen.queryByRole("row", { name: /64,000/ })).toBeNull());
  expect(await row(/63,000/)).toBeTruthy();
});

test("cancels all", async () => {
  const { user } = await openPanel(holding(first, second));
  await user.click(await screen.findByRole("button", { name: "Cancel all" }));
  expect(await screen.findByText("No open orders.")).toBeInTheDocument();
});

test("says why an order could not be canceled", async () => {
  const { user, row } = await openPanel({
    ...holding(first),
    "DELETE /v1/orders/1": () => refuse(409, "ORDER_NOT_OPEN", "The order has ended."),
  });
  await user.click((await row(/64,000/)).getByRole("button", { name: "Cancel" }));
  expect(await screen.findByRole("alert")).toHaveTextContent("The order has ended.");
});

test("asks nothing of the exchange before somebody is in", () => {
  const seen = fakeExchange({});
  renderTerminal(<OrdersPanel />);
  expect(screen.getByRole("region", { name: "Open orders" })).toHaveTextContent("Log in to see");
  expect(seen).toEqual([]);
});
