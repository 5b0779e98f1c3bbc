import { expect, test } from "vitest";
import { aTrade } from "@/testing/samples";
import { extendTape, TAPE_LENGTH } from "./tape";

const trade = (tradeId: string) => aTrade({ tradeId });
const ids = (tape: readonly { tradeId: string }[]) => tape.map(({ tradeId }) => tradeId);

test("puts a batch on top, its newest first", () => {
  expect(ids(extendTape([trade("1")], [trade("2"), trade("3")]))).toEqual(["3", "2", "1"]);
});

test("shows a trade once", () => {
  const tape = [trade("2"), trade("1")];
  expect(extendTape(tape, [trade("1"), trade("2")])).toBe(tape);
});

test("lets the oldest fall off", () => {
  const many = Array.from({ length: TAPE_LENGTH + 5 }, (_, index) => trade(String(index)));
  const tape = extendTape([], many);
  expect(tape).toHaveLength(TAPE_LENGTH);
  expect(tape[0]?.tradeId).toBe(String(TAPE_LENGTH + 4));
});
