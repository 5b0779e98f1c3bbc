// Runs before the first paint, so that a saved light theme never flashes dark.
// `src/state/preferences.ts` writes the value.
try {
  document.documentElement.dataset.theme = localStorage.getItem("kalency.theme") ?? "dark";
} catch {
  // Storage can be switched off; the default theme stands.
}
