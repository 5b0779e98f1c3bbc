import { screen, waitFor } from "@testing-library/react";
import { expect, test } from "vitest";
import { AccountMenu } from "@/features/session/AccountMenu";
import { fakeExchange, refuse, reply } from "@/testing/fakeExchange";
import { renderTerminal } from "@/testing/renderTerminal";
import { SessionPanel } from "./SessionPanel";

const account = () => reply(200, { username: "ada", isStaff: false });

const knowsAda = {
  "POST /v1/auth/token": ({ body }: { body: unknown }) =>
    (body as { password: string }).password === "correct horse"
      ? reply(200, { access: "a", refresh: "r" })
      : refuse(401, "UNAUTHENTICATED", "No account matches."),
  "GET /v1/account": account,
};

function open() {
  return renderTerminal(
    <>
      <SessionPanel />
      <AccountMenu />
    </>,
  );
}

async function fillIn(user: ReturnType<typeof open>["user"], password: string) {
  await user.type(screen.getByLabelText("Username"), "ada");
  await user.type(screen.getByLabelText("Password"), password);
}

test("logs in with username and password", async () => {
  const seen = fakeExchange(knowsAda);
  const { user, services } = open();
  await fillIn(user, "correct horse");
  await user.click(screen.getByRole("button", { name: "Log in" }));
  await screen.findByText("ada");
  expect(services.session.store.getState().status).toBe("in");
  expect(seen.map(({ call }) => call)).toEqual(["POST /v1/auth/token", "GET /v1/account"]);
  expect(seen[1]?.authorization).toBe("Bearer a");
});

test("says why it was refused and keeps what was typed", async () => {
  fakeExchange(knowsAda);
  const { user } = open();
  await fillIn(user, "wrong{Enter}");
  expect(await screen.findByRole("alert")).toHaveTextContent("No account matches.");
  expect(screen.getByLabelText("Username")).toHaveValue("ada");
});

test("signs up and goes straight in", async () => {
  const seen = fakeExchange({ ...knowsAda, "POST /v1/auth/register": () => reply(201, {}) });
  const { user } = open();
  await user.click(screen.getByRole("button", { name: "Create an account" }));
  await fillIn(user, "correct horse");
  await user.click(screen.getByRole("button", { name: "Create account" }));
  await screen.findByText("ada");
  expect(seen[0]).toMatchObject({
    call: "POST /v1/auth/register",
    body: { username: "ada", password: "correct horse" },
  });
});

test("shows a taken name as the server puts it", async () => {
  fakeExchange({ "POST /v1/auth/register": () => refuse(409, "CONFLICT", "The name is taken.") });
  const { user } = open();
  await user.click(screen.getByRole("button", { name: "Create an account" }));
  await fillIn(user, "correct horse{Enter}");
  expect(await screen.findByRole("alert")).toHaveTextContent("The name is taken.");
});

test("resumes after a reload and forgets on logging out", async () => {
  sessionStorage.setItem("kalency.refresh", "r");
  fakeExchange({
    "POST /v1/auth/token/refresh": () => reply(200, { access: "a" }),
    "GET /v1/account": account,
  });
  const { user, services } = open();
  expect(screen.queryByRole("button", { name: "Log in" })).not.toBeInTheDocument();
  await services.session.resume();
  await user.click(await screen.findByRole("button", { name: "Log out" }));
  expect(screen.getByRole("button", { name: "Log in" })).toBeInTheDocument();
  expect(sessionStorage).toHaveLength(0);
});

test("says that a session has ended", async () => {
  sessionStorage.setItem("kalency.refresh", "r");
  fakeExchange({
    "POST /v1/auth/token/refresh": () => refuse(401, "UNAUTHENTICATED", "Expired."),
    "GET /v1/account": () => refuse(401, "UNAUTHENTICATED", "Log in first."),
  });
  const { services } = open();
  await services.session.resume();
  await waitFor(() => expect(screen.getByRole("status")).toHaveTextContent("session has ended"));
});
