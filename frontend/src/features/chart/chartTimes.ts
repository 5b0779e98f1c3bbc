/** Times on the chart, in the viewer's own zone; the library alone would write UTC. */
import { TickMarkType, type Time } from "lightweight-charts";
import { formatDayTime } from "@/domain/format";

const MARKS: Record<TickMarkType, Intl.DateTimeFormat> = {
  [TickMarkType.Year]: new Intl.DateTimeFormat("en-GB", { year: "numeric" }),
  [TickMarkType.Month]: new Intl.DateTimeFormat("en-GB", { month: "short" }),
  [TickMarkType.DayOfMonth]: new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" }),
  [TickMarkType.Time]: new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" }),
  [TickMarkType.TimeWithSeconds]: new Intl.DateTimeFormat("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  }),
};

const toDate = (time: Time) => new Date((time as number) * 1000);

export function axisTime(time: Time, mark: TickMarkType): string {
  return MARKS[mark].format(toDate(time));
}

export function crosshairTime(time: Time): string {
  return formatDayTime(toDate(time).toISOString());
}
