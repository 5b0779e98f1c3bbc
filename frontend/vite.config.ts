/**
 * Builds the terminal to `dist/`, which Django serves: `index.html` at `/`, the rest under
 * `/static/`. `npm run dev` serves it alone and passes API and socket calls on to a running stack.
 */
import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const backend = process.env.KALENCY_URL ?? "http://127.0.0.1:8000";

export default defineConfig(({ command }) => ({
  base: command === "build" ? "/static/" : "/",
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    target: "es2023",
    // A polyfill for module preloading would be an inline script, which the page's policy refuses.
    modulePreload: { polyfill: false },
    // Nothing is inlined as a data: address, so `img-src` and `font-src` can stay at 'self'.
    assetsInlineLimit: 0,
  },
  server: {
    proxy: {
      "/v1": { target: backend, changeOrigin: true },
      // The stack refuses sockets opened by foreign pages; this page is its own.
      "/ws": { target: backend, ws: true, changeOrigin: true, headers: { Origin: backend } },
    },
  },
  test: {
    environment: "jsdom",
    // One DOM per worker instead of one per file, still isolated: a third of the time.
    pool: "vmThreads",
    include: ["src/**/*.test.{ts,tsx}"],
    setupFiles: ["src/testing/setup.ts"],
    unstubGlobals: true,
  },
}));
