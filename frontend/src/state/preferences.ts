/**
 * How the person likes the terminal. The theme is remembered by the browser, and read by
 * `public/theme.js` before the first paint.
 */
import { create } from "zustand";
import type { Timeframe } from "@/domain/candles";

export type Theme = "dark" | "light";

const THEME_KEY = "kalency.theme";

interface Preferences {
  readonly theme: Theme;
  readonly timeframe: Timeframe;
  setTheme(theme: Theme): void;
  setTimeframe(timeframe: Timeframe): void;
}

export const usePreferences = create<Preferences>((set) => ({
  theme: document.documentElement.dataset.theme === "light" ? "light" : "dark",
  timeframe: "1s",
  setTheme(theme) {
    document.documentElement.dataset.theme = theme;
    remember(theme);
    set({ theme });
  },
  setTimeframe: (timeframe) => set({ timeframe }),
}));

function remember(theme: Theme): void {
  try {
    localStorage.setItem(THEME_KEY, theme);
  } catch {
    // Storage can be switched off; the choice then lasts until the page is left.
  }
}
