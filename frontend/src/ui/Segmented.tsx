/** A small set of choices of which one holds: native radios that look like one control. */
import { useId } from "react";
import styles from "./Segmented.module.css";

interface SegmentedProps<Value extends string> {
  /** The name of the group, for screen readers. */
  legend: string;
  options: readonly { value: Value; label: string }[];
  value: Value;
  onChange(value: NoInfer<Value>): void;
  /** Write the name in front of the choices, for those who see. */
  legendShown?: boolean;
  /** Fill the width in equal parts instead of hugging the labels. */
  wide?: boolean;
  disabled?: boolean;
}

export function Segmented<Value extends string>(props: SegmentedProps<Value>) {
  const { legend, options, value, onChange, wide = false } = props;
  const { legendShown = false, disabled = false } = props;
  const group = useId();
  return (
    <fieldset className={styles.group} data-wide={wide || undefined} disabled={disabled}>
      <legend className="hidden-text">{legend}</legend>
      {legendShown && (
        <span className={styles.legend} aria-hidden="true">
          {legend}
        </span>
      )}
      {options.map((option) => (
        <label key={option.value} className={styles.option}>
          <input
            type="radio"
            name={group}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
          />
          <span>{option.label}</span>
        </label>
      ))}
    </fieldset>
  );
}
