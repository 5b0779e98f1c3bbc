/** One HTTP call: JSON in, JSON out, every failure an `ApiError`. Knows nothing of sessions. */
import { noAnswer, readRefusal } from "./errors";

export type Method = "GET" | "POST" | "DELETE";

export interface Call {
  method: Method;
  path: string;
  body?: object;
  token?: string | null;
  signal?: AbortSignal | undefined;
}

export type Send = <Answer>(call: Call) => Promise<Answer>;

const TIMEOUT_MS = 10_000;

export function createSend(fetcher: typeof fetch): Send {
  return async <Answer>({ method, path, body, token, signal }: Call): Promise<Answer> => {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (token) headers.Authorization = `Bearer ${token}`;
    const init: RequestInit = { method, headers, signal: bounded(signal) };
    if (body) {
      headers["Content-Type"] = "application/json";
      init.body = JSON.stringify(body);
    }
    const response = await fetcher(path, init).catch((error: unknown) => {
      throw signal?.aborted ? error : noAnswer();
    });
    if (!response.ok) throw await readRefusal(response);
    if (response.status === 204) return undefined as Answer;
    return response.json().catch(() => {
      throw noAnswer();
    }) as Promise<Answer>;
  };
}

function bounded(signal: AbortSignal | undefined): AbortSignal {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  return signal ? AbortSignal.any([signal, timeout]) : timeout;
}
