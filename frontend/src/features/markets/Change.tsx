/** A 24 h change: the sign carries what the colour repeats. */
import { formatPercent } from "@/domain/format";

export function Change({ percent }: { percent: number | null }) {
  const look = percent === null || percent === 0 ? "soft" : percent > 0 ? "buy" : "sell";
  return <span className={look}>{formatPercent(percent)}</span>;
}
