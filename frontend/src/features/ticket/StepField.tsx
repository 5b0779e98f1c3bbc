/** A field for a price or quantity: arrow keys move it by the market's own step. */
import type { InputHTMLAttributes, KeyboardEvent } from "react";
import { type Decimal, parseTyped, step } from "@/domain/decimal";
import { Field } from "@/ui/Field";

interface StepFieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, "size"> {
  label: string;
  unit: string;
  /** The market's tick or lot. */
  size: Decimal;
  value: string;
  onValue(value: string): void;
}

export function StepField({ size, value, onValue, ...field }: StepFieldProps) {
  function handleArrow(event: KeyboardEvent) {
    const direction = event.key === "ArrowUp" ? 1 : event.key === "ArrowDown" ? -1 : null;
    if (direction === null) return;
    event.preventDefault();
    const typed = value.trim() === "" ? "0" : parseTyped(value);
    if (typed !== null) onValue(step(typed, size, direction));
  }
  return (
    <Field
      {...field}
      className="number"
      inputMode="decimal"
      autoComplete="off"
      placeholder={size}
      value={value}
      onChange={(event) => onValue(event.target.value)}
      onKeyDown={handleArrow}
    />
  );
}
