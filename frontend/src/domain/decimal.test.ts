import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  add,
  canonical,
  compare,
  decimalsOf,
  multiply,
  parseTyped,
  step,
  subtract,
} from "./decimal";

/** Any amount of smallest units, written with any number of decimals. */
const amounts = fc.tuple(
  fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }),
  fc.integer({ min: 0, max: 8 }),
);

function write(units: bigint, decimals: number): string {
  const digits = units.toString().padStart(decimals + 1, "0");
  return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}

describe("arithmetic", () => {
  test("is exact where floats are not", () => {
    expect(add("0.1", "0.2")).toBe("0.3");
    expect(multiply("64231.57", "0.00012345")).toBe("7.9293873165");
    expect(subtract("9007199254740993.1", "0.1")).toBe("9007199254740993");
  });

  test("agrees with integers of the smallest unit", () => {
    fc.assert(
      fc.property(amounts, fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }), ([a, decimals], b) => {
        const [x, y] = [write(a, decimals), write(b, decimals)];
        expect(add(x, y)).toBe(canonical(write(a + b, decimals)));
        expect(compare(x, y)).toBe(a < b ? -1 : a > b ? 1 : 0);
        expect(multiply(x, y)).toBe(canonical(write(a * b, decimals * 2)));
      }),
    );
  });
});

describe("canonical", () => {
  test("spells a value one way, whatever zeros trail", () => {
    expect(canonical("64231.50")).toBe(canonical("64231.5"));
    expect(canonical("100")).toBe("100");
    expect(canonical("0.00000001")).toBe("0.00000001");
  });
});

describe("decimalsOf", () => {
  test.each([
    ["0.01", 2],
    ["0.010", 2],
    ["0.00000001", 8],
    ["1", 0],
    ["10", 0],
  ])("%s needs %i", (size, decimals) => {
    expect(decimalsOf(size)).toBe(decimals);
  });
});

describe("step", () => {
  test("moves by one step from a multiple", () => {
    expect(step("100.00", "0.50", 1)).toBe("100.5");
    expect(step("100.00", "0.50", -1)).toBe("99.5");
  });

  test("goes to the next multiple from in between", () => {
    expect(step("100.20", "0.50", 1)).toBe("100.5");
    expect(step("100.20", "0.50", -1)).toBe("100.0");
  });

  test("never leaves the positive multiples", () => {
    expect(step("0", "0.01", 1)).toBe("0.01");
    expect(step("0", "0.01", -1)).toBe("0.01");
    expect(step("0.01", "0.01", -1)).toBe("0.01");
  });
});

describe("parseTyped", () => {
  test.each([
    ["0.5", "0.5"],
    [".5", "0.5"],
    ["5.", "5"],
    [" 64000.00 ", "64000"],
    ["007", "7"],
  ])("reads %j", (typed, value) => {
    expect(parseTyped(typed)).toBe(value);
  });

  test.each(["", ".", "-1", "1e5", "1,000", "0x10", "1.2.3", "NaN", "1".repeat(31)])(
    "does not guess at %j",
    (typed) => {
      expect(parseTyped(typed)).toBeNull();
    },
  );

  test("reads every plain decimal back to itself", () => {
    fc.assert(
      fc.property(amounts, ([units, decimals]) => {
        const text = write(units, decimals);
        expect(parseTyped(text)).toBe(canonical(text));
      }),
    );
  });
});
