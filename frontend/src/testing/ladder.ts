/** Books that read like books: `bid qty | price | ask qty`, one level a line, best in the middle. */
import type { Book, Level } from "@/domain/book";

export function ladder(drawing: string, lastUpdateId = 1): Book {
  const bids: Level[] = [];
  const asks: Level[] = [];
  for (const line of drawing.trim().split("\n")) {
    const [bid = "", price = "", ask = ""] = line.split("|").map((cell) => cell.trim());
    if (bid) bids.push([price, bid]);
    if (ask) asks.unshift([price, ask]);
  }
  return { symbol: "BTC-USD", lastUpdateId, bids, asks };
}
