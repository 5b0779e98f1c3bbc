/** The network's other end for socket tests: every connection made, what it sent, what it hears. */
import { vi } from "vitest";

interface Frame {
  id: number;
  op: string;
  channels?: string[];
}

export class FakeSocket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSED = 3;
  static made: FakeSocket[] = [];

  readyState = FakeSocket.CONNECTING;
  readonly sent: Frame[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;

  constructor(readonly url: string) {
    FakeSocket.made.push(this);
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.drop();
  }

  accept(): void {
    this.readyState = FakeSocket.OPEN;
    this.onopen?.();
  }

  push(frame: object): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  drop(): void {
    this.readyState = FakeSocket.CLOSED;
    this.onclose?.();
  }

  /** What was asked for, as `subscribe book.BTC-USD`. */
  get asked(): string[] {
    return this.sent.map(({ op, channels = [] }) => [op, ...channels].join(" "));
  }
}

/** Replace `WebSocket`; the returned function gives the newest connection. */
export function fakeSockets(): () => FakeSocket {
  FakeSocket.made = [];
  vi.stubGlobal("WebSocket", FakeSocket);
  return () => {
    const newest = FakeSocket.made.at(-1);
    if (!newest) throw new Error("no connection was made");
    return newest;
  };
}
