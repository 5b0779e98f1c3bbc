/** Render a part of the terminal with real services; only the network's other end is fake. */
import { render } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ReactNode } from "react";
import { createServices, ServicesProvider } from "@/state/services";

export function renderTerminal(part: ReactNode) {
  const services = createServices();
  render(<ServicesProvider services={services}>{part}</ServicesProvider>);
  return { services, user: userEvent.setup() };
}
