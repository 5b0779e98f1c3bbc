/** Arrow keys walk the levels; only the best of each side is a tab stop. */
import type { KeyboardEvent } from "react";

export function moveByArrow(event: KeyboardEvent<HTMLElement>): void {
  const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
  if (step === 0) return;
  const levels = [...event.currentTarget.querySelectorAll("button")];
  const here = levels.indexOf(event.target as HTMLButtonElement);
  levels[here + step]?.focus();
  event.preventDefault();
}
