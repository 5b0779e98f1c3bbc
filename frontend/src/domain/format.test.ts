import { describe, expect, test } from "vitest";
import { formatBps, formatExact, formatFixed, formatPercent } from "./format";

describe("figures", () => {
  test("keep every digit the server sent", () => {
    expect(formatExact("9007199254740993.12345678")).toBe("9,007,199,254,740,993.12345678");
    expect(formatExact("99360.123400")).toBe("99,360.1234");
    expect(formatExact("100000.000000")).toBe("100,000.00");
  });

  test("line up by the decimals of a step", () => {
    expect(formatFixed("64231.5", 2)).toBe("64,231.50");
    expect(formatFixed("0", 4)).toBe("0.0000");
  });

  test("turn basis points into percentages", () => {
    expect(formatBps(5)).toBe("0.05%");
    expect(formatBps(12.5)).toBe("0.125%");
  });

  test("carry a sign as well as a colour", () => {
    expect(formatPercent(1.5)).toBe("+1.50%");
    expect(formatPercent(-0.25)).toBe("-0.25%");
    expect(formatPercent(0)).toBe("0.00%");
    expect(formatPercent(null)).toBe("–");
  });
});
