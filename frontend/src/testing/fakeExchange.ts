/** The network's other end for component tests: answers REST calls and remembers them. */
import { vi } from "vitest";

export interface SeenCall {
  /** Method and path, such as `POST /v1/orders`. */
  readonly call: string;
  readonly body: unknown;
  readonly authorization: string | null;
}

type Answer = (seen: SeenCall) => Response | Promise<Response>;

export const reply = (status: number, body: object) => Response.json(body, { status });

export const refuse = (status: number, code: string, message: string) =>
  reply(status, { error: { code, message, details: {} } });

export const list = (items: readonly object[]) => reply(200, { items, nextCursor: null });

/** Replace `fetch`. Calls nobody prepared for fail the way an unreachable server does. */
export function fakeExchange(answers: Record<string, Answer>): readonly SeenCall[] {
  const seen: SeenCall[] = [];
  vi.stubGlobal("fetch", async (path: string, init: RequestInit = {}) => {
    const one: SeenCall = {
      call: `${init.method} ${path.split("?")[0]}`,
      body: typeof init.body === "string" ? JSON.parse(init.body) : null,
      authorization: new Headers(init.headers).get("Authorization"),
    };
    seen.push(one);
    const answer = answers[one.call];
    if (!answer) throw new TypeError(`nothing answers ${one.call}`);
    return answer(one);
  });
  return seen;
}
