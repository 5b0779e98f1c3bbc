/** Entry point: make the services, open the socket, show the terminal. */
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";
import { createServices, ServicesProvider } from "./state/services";
import "./theme/base.css";

const services = createServices();
services.socket.open();
void services.session.resume();
window.addEventListener("online", () => services.socket.hurry());

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <ServicesProvider services={services}>
      <App />
    </ServicesProvider>
  </StrictMode>,
);
