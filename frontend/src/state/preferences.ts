/** What the person chose for this browser. `public/theme.js` reads the theme before first paint. */
import { create } from "zustand";

export type Theme = "dark" | "light";

const THEME_KEY = "kalency.theme";

interface Preferences {
  readonly theme: Theme;
  setTheme(theme: Theme): void;
}

export const usePreferences = create<Preferences>((set) => ({
  theme: document.documentElement.dataset.theme === "light" ? "light" : "dark",
  setTheme(theme) {
    document.documentElement.dataset.theme = theme;
    remember(theme);
    set({ theme });
  },
}));

function remember(theme: Theme): void {
  try {
    localStorage.setItem(THEME_KEY, theme);
  } catch {
    // Storage can be switched off; the choice then lasts until the page is left.
  }
}
