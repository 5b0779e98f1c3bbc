/** Dark or light, by one button that names what it leads to. */
import { usePreferences } from "@/state/preferences";
import styles from "./Header.module.css";

export function ThemeSwitch() {
  const { theme, setTheme } = usePreferences();
  const next = theme === "dark" ? "light" : "dark";
  return (
    <button
      type="button"
      className={styles.theme}
      aria-label={`Switch to the ${next} theme`}
      title={`Switch to the ${next} theme`}
      onClick={() => setTheme(next)}
    >
      <span aria-hidden="true">{theme === "dark" ? "☀" : "☾"}</span>
    </button>
  );
}
