import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { fakeSockets } from "@/testing/fakeSocket";
import { LiveSocket, type SocketStatus } from "./socket";

const CHANNEL = "book.BTC-USD";

function connect() {
  const newest = fakeSockets();
  const states: SocketStatus["state"][] = [];
  const told: string[] = [];
  const socket = new LiveSocket("ws://exchange/ws", ({ state }) => states.push(state));
  socket.open();
  const follow = () =>
    socket.subscribe(CHANNEL, {
      onSnapshot: (data) => told.push(`snapshot ${data}`),
      onUpdate: (data) => told.push(`update ${data}`),
      onStale: () => told.push("stale"),
    });
  const push = (type: "snapshot" | "update", seq: number) =>
    newest().push({ channel: CHANNEL, type, seq, ts: "", data: seq });
  return { socket, states, told, follow, push, newest };
}

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("subscriptions", () => {
  test("are asked for once the socket is open", () => {
    const { follow, newest } = connect();
    follow();
    expect(newest().asked).toEqual([]);
    newest().accept();
    expect(newest().asked).toEqual([`subscribe ${CHANNEL}`]);
  });

  test("end with an unsubscribe, and with silence", () => {
    const { follow, push, newest, told } = connect();
    newest().accept();
    follow()();
    push("snapshot", 1);
    expect(newest().asked).toEqual([`subscribe ${CHANNEL}`, `unsubscribe ${CHANNEL}`]);
    expect(told).toEqual([]);
  });

  test("that the server refuses are asked for again", () => {
    const { follow, newest } = connect();
    newest().accept();
    follow();
    newest().push({ id: newest().sent[0]?.id, error: { code: "RATE_LIMITED", message: "" } });
    vi.advanceTimersByTime(3_000);
    expect(newest().asked).toEqual([`subscribe ${CHANNEL}`, `subscribe ${CHANNEL}`]);
  });
});

describe("sequence", () => {
  function live() {
    const all = connect();
    all.newest().accept();
    all.follow();
    return all;
  }

  test("passes updates on that follow each other", () => {
    const { push, told } = live();
    push("snapshot", 7);
    push("update", 8);
    push("update", 9);
    expect(told).toEqual(["snapshot 7", "update 8", "update 9"]);
  });

  test("drops updates before a snapshot and those it contains", () => {
    const { push, told } = live();
    push("update", 6);
    push("snapshot", 7);
    push("update", 7);
    push("update", 8);
    expect(told).toEqual(["snapshot 7", "update 8"]);
  });

  test("takes a new snapshot after a hole", () => {
    const { push, told, newest } = live();
    push("snapshot", 7);
    push("update", 9);
    push("update", 10);
    expect(newest().asked.slice(-2)).toEqual([`unsubscribe ${CHANNEL}`, `subscribe ${CHANNEL}`]);
    push("snapshot", 12);
    push("update", 13);
    expect(told).toEqual(["snapshot 7", "stale", "snapshot 12", "update 13"]);
  });

  test("lets a snapshot jump ahead", () => {
    const { push, told } = live();
    push("snapshot", 7);
    push("snapshot", 30);
    push("update", 31);
    expect(told).toEqual(["snapshot 7", "snapshot 30", "update 31"]);
  });
});

describe("connection", () => {
  test("comes back by itself and asks for every channel again", () => {
    const { follow, push, told, states, newest } = connect();
    newest().accept();
    follow();
    push("snapshot", 7);
    newest().drop();
    vi.advanceTimersByTime(500);
    newest().accept();
    push("snapshot", 3);
    expect(states).toEqual(["connecting", "live", "waiting", "connecting", "live"]);
    expect(newest().asked).toEqual([`subscribe ${CHANNEL}`]);
    expect(told).toEqual(["snapshot 7", "stale", "snapshot 3"]);
  });

  test("waits longer each time nobody answers, within a bound", () => {
    vi.spyOn(Math, "random").mockReturnValue(0);
    const { newest } = connect();
    const waits_ms: number[] = [];
    for (let attempt = 0; attempt < 8; attempt += 1) {
      const before = newest();
      before.drop();
      const dropped_ms = Date.now();
      while (newest() === before) vi.advanceTimersByTime(50);
      waits_ms.push(Date.now() - dropped_ms);
    }
    expect(waits_ms).toEqual([250, 500, 1000, 2000, 4000, 7500, 7500, 7500]);
  });

  test("is given up when nothing is heard for two pings", () => {
    const { newest, states } = connect();
    newest().accept();
    vi.advanceTimersByTime(45_000);
    expect(newest().asked).toEqual(["ping", "ping"]);
    expect(states.at(-1)).toBe("waiting");
  });

  test("hurries when asked to", () => {
    const { socket, newest, states } = connect();
    newest().drop();
    socket.hurry();
    expect(states.at(-1)).toBe("connecting");
  });

  test("stays closed once closed", () => {
    const { socket, newest, states } = connect();
    newest().accept();
    socket.close();
    vi.advanceTimersByTime(60_000);
    expect(states).toEqual(["connecting", "live"]);
  });
});
