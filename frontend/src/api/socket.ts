/**
 * The one live socket: connects, reconnects with back-off, holds the channels the page wants and
 * checks each channel's sequence. A hole is healed by subscribing again, which brings a snapshot.
 */
import { backoff } from "./backoff";

export type SocketStatus =
  | { readonly state: "connecting" }
  | { readonly state: "live" }
  | { readonly state: "waiting"; readonly retryAt_ms: number };

/** What a channel's owner is told. Nothing but a snapshot follows `onStale`. */
export interface ChannelListener {
  onSnapshot(data: unknown): void;
  onUpdate(data: unknown): void;
  /** What was shown may no longer be true: the socket is gone, or updates are missing. */
  onStale(): void;
}

interface Push {
  channel: string;
  type: "snapshot" | "update";
  seq: number;
  data: unknown;
}

interface Subscription {
  readonly listener: ChannelListener;
  /** The last sequence taken; null while a snapshot is awaited. */
  seq: number | null;
}

const PING_EVERY_MS = 15_000;
/** Two pings without any frame: the connection is dead, whatever the browser says. */
const SILENT_AFTER_MS = 35_000;
/** A refused subscription is asked for again at this pace. */
const RESUBSCRIBE_MS = 3_000;

export class LiveSocket {
  private socket: WebSocket | null = null;
  private readonly subscriptions = new Map<string, Subscription>();
  private readonly asked = new Map<number, string>();
  private attempt = 0;
  private nextId = 1;
  private heard_ms = 0;
  private retryTimer: ReturnType<typeof setTimeout> | undefined;
  private pingTimer: ReturnType<typeof setInterval> | undefined;

  constructor(
    private readonly url: string,
    private readonly onStatus: (status: SocketStatus) => void,
  ) {}

  open(): void {
    clearTimeout(this.retryTimer);
    if (this.socket) return;
    this.onStatus({ state: "connecting" });
    const socket = new WebSocket(this.url);
    this.socket = socket;
    socket.onopen = () => this.handleOpen();
    socket.onmessage = (event) => this.handleFrame(event.data);
    socket.onclose = () => this.handleClose(socket);
  }

  close(): void {
    clearTimeout(this.retryTimer);
    clearInterval(this.pingTimer);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  /** Skip what is left of a back-off: the network or the person came back. */
  hurry(): void {
    if (this.socket) return;
    this.attempt = 0;
    this.open();
  }

  /** Follow a channel; the returned function ends it. One listener per channel. */
  subscribe(channel: string, listener: ChannelListener): () => void {
    const subscription: Subscription = { listener, seq: null };
    this.subscriptions.set(channel, subscription);
    this.ask("subscribe", [channel]);
    return () => {
      if (this.subscriptions.get(channel) !== subscription) return;
      this.subscriptions.delete(channel);
      this.ask("unsubscribe", [channel]);
    };
  }

  /** Drop what is known of a channel and take a new snapshot. */
  resync(channel: string): void {
    const subscription = this.subscriptions.get(channel);
    if (!subscription || subscription.seq === null) return;
    subscription.seq = null;
    subscription.listener.onStale();
    this.ask("unsubscribe", [channel]);
    this.ask("subscribe", [channel]);
  }

  private ask(op: "subscribe" | "unsubscribe", channels: string[]): void {
    if (this.socket?.readyState !== WebSocket.OPEN || channels.length === 0) return;
    const id = this.nextId++;
    if (op === "subscribe") this.asked.set(id, channels.join(" "));
    this.socket.send(JSON.stringify({ id, op, channels }));
  }

  private handleOpen(): void {
    this.heard_ms = Date.now();
    this.onStatus({ state: "live" });
    for (const channel of this.subscriptions.keys()) this.ask("subscribe", [channel]);
    this.pingTimer = setInterval(() => this.checkPulse(), PING_EVERY_MS);
  }

  private checkPulse(): void {
    if (Date.now() - this.heard_ms > SILENT_AFTER_MS) {
      // A dead connection's own close event may take minutes.
      const socket = this.socket;
      if (socket) this.handleClose(socket);
      socket?.close();
      return;
    }
    this.socket?.send(JSON.stringify({ id: this.nextId++, op: "ping" }));
  }

  private handleClose(socket: WebSocket): void {
    if (socket !== this.socket) return;
    this.socket = null;
    this.asked.clear();
    clearInterval(this.pingTimer);
    for (const subscription of this.subscriptions.values()) {
      subscription.seq = null;
      subscription.listener.onStale();
    }
    const delay_ms = backoff(this.attempt++, Math.random());
    this.onStatus({ state: "waiting", retryAt_ms: Date.now() + delay_ms });
    this.retryTimer = setTimeout(() => this.open(), delay_ms);
  }

  private handleFrame(text: unknown): void {
    this.heard_ms = Date.now();
    const frame: unknown = typeof text === "string" ? JSON.parse(text) : null;
    if (isPush(frame)) this.handlePush(frame);
    else if (isAnswer(frame)) this.handleAnswer(frame);
  }

  private handlePush({ channel, type, seq, data }: Push): void {
    const subscription = this.subscriptions.get(channel);
    if (!subscription) return;
    // Only data proves the server well: an open socket alone does not reset the back-off.
    this.attempt = 0;
    if (type === "snapshot") {
      subscription.seq = seq;
      subscription.listener.onSnapshot(data);
    } else if (subscription.seq === null || seq <= subscription.seq) {
      // Sent before the snapshot that is on its way, or already contained in the one taken.
    } else if (seq === subscription.seq + 1) {
      subscription.seq = seq;
      subscription.listener.onUpdate(data);
    } else {
      this.resync(channel);
    }
  }

  private handleAnswer({ id, error }: { id: number; error?: unknown }): void {
    const channel = this.asked.get(id);
    this.asked.delete(id);
    if (!channel || !error) return;
    setTimeout(() => {
      if (this.subscriptions.get(channel)?.seq === null) this.ask("subscribe", [channel]);
    }, RESUBSCRIBE_MS);
  }
}

function isPush(frame: unknown): frame is Push {
  return typeof frame === "object" && frame !== null && "channel" in frame && "seq" in frame;
}

function isAnswer(frame: unknown): frame is { id: number; error?: unknown } {
  return typeof frame === "object" && frame !== null && "id" in frame;
}
