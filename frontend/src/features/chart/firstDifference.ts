/** Where two series part: the index of the first item that is not the same object in both. */
export function firstDifference<Item>(before: readonly Item[], after: readonly Item[]): number {
  const shared = Math.min(before.length, after.length);
  for (let index = 0; index < shared; index += 1) {
    if (before[index] !== after[index]) return index;
  }
  return shared;
}
