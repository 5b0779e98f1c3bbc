import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ladder } from "@/testing/ladder";
import { applyDiff, type Book, type BookDiff, deepest, depthRows, type Level } from "./book";

const diff = (part: Partial<BookDiff>): BookDiff => ({
  firstUpdateId: 2,
  lastUpdateId: 2,
  bids: [],
  asks: [],
  ...part,
});

const start = ladder(`
    | 101.00 | 4
    | 100.50 | 2
  1 | 100.00 |
  3 |  99.50 |
`);

describe("applyDiff", () => {
  test("adds, replaces and removes levels in their places", () => {
    const changes = diff({
      bids: [
        ["99.75", "7"],
        ["99.50", "0"],
        ["100.25", "5"],
      ],
      asks: [
        ["100.50", "9"],
        ["100.75", "6"],
        ["101.00", "0"],
      ],
    });
    expect(applyDiff(start, changes)).toEqual(
      ladder(
        `
          | 100.75 | 6
          | 100.50 | 9
        5 | 100.25 |
        1 | 100.00 |
        7 |  99.75 |
        `,
        2,
      ),
    );
  });

  test("knows a price by its value, not its spelling", () => {
    const book = applyDiff(start, diff({ bids: [["100", "0.0"]], asks: [["100.5", "8"]] }));
    expect(book?.bids).toEqual([["99.50", "3"]]);
    expect(book?.asks[0]).toEqual(["100.5", "8"]);
  });

  test("ignores the removal of a level that is not there", () => {
    expect(applyDiff(start, diff({ bids: [["98.00", "0"]] }))?.bids).toEqual(start.bids);
  });

  test("leaves a book alone that already contains the diff", () => {
    const old = diff({ firstUpdateId: 1, lastUpdateId: 1, bids: [["100.00", "0"]] });
    expect(applyDiff(start, old)).toBe(start);
  });

  test("refuses a diff that comes after a gap", () => {
    expect(applyDiff(start, diff({ firstUpdateId: 3, lastUpdateId: 4 }))).toBeNull();
  });

  test("does not change the book it was given", () => {
    const before = structuredClone(start);
    applyDiff(start, diff({ bids: [["100.00", "0"]], asks: [["100.25", "1"]] }));
    expect(start).toEqual(before);
  });
});

describe("snapshot and diffs", () => {
  const price = fc.integer({ min: 1, max: 40 }).map((ticks) => (ticks / 4).toFixed(2));
  const qty = fc.integer({ min: 0, max: 3 }).map(String);
  const changes = fc.array(fc.tuple(price, qty), { maxLength: 12 });
  const histories = fc.array(fc.record({ bids: changes, asks: changes }), { maxLength: 12 });

  /** The book the server would send after each step of a history: sorted maps, nothing shared. */
  function serverBooks(history: readonly { bids: Level[]; asks: Level[] }[]): Book[] {
    const sides = { bids: new Map<string, string>(), asks: new Map<string, string>() };
    const write = (side: Map<string, string>, order: number) =>
      [...side].sort(([a], [b]) => (Number(a) - Number(b)) * order);
    const snapshot = (lastUpdateId: number): Book => ({
      symbol: "BTC-USD",
      lastUpdateId,
      bids: write(sides.bids, -1),
      asks: write(sides.asks, 1),
    });
    const books = [snapshot(0)];
    for (const [index, step] of history.entries()) {
      for (const side of ["bids", "asks"] as const) {
        for (const [at, left] of step[side]) {
          if (left === "0") sides[side].delete(at);
          else sides[side].set(at, left);
        }
      }
      books.push(snapshot(index + 1));
    }
    return books;
  }

  test("equal the server's book, wherever the snapshot was taken", () => {
    fc.assert(
      fc.property(histories, fc.nat(), fc.nat(), (history, take, overlap) => {
        const books = serverBooks(history);
        const taken = take % books.length;
        const resumed = overlap % (taken + 1);
        let book: Book | null = books[taken] as Book;
        for (const [index, step] of history.entries()) {
          if (index < resumed) continue;
          const id = index + 1;
          book = book && applyDiff(book, { firstUpdateId: id, lastUpdateId: id, ...step });
        }
        expect(book).toEqual(books.at(-1));
      }),
    );
  });
});

describe("depthRows", () => {
  test("sums quantities exactly from the best level on", () => {
    const levels: Level[] = [
      ["100", "0.1"],
      ["99", "0.2"],
      ["98", "5"],
    ];
    expect(depthRows(levels, 2).map(({ total }) => total)).toEqual(["0.1", "0.3"]);
  });

  test("gives bars the deeper side's total as their full width", () => {
    const { bids, asks } = start;
    expect(deepest(depthRows(bids, 10), depthRows(asks, 10))).toBe(6);
    expect(deepest([], [])).toBe(0);
  });
});
