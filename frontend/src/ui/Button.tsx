/** Buttons by what they mean: a side of the market, the main step of a form, or a quiet action. */
import type { ButtonHTMLAttributes } from "react";
import styles from "./Button.module.css";

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look: "buy" | "sell" | "main" | "quiet" | "link";
}

export function Button({ look, type = "button", ...button }: ButtonProps) {
  return <button {...button} type={type} className={`${styles.button} ${styles[look]}`} />;
}
