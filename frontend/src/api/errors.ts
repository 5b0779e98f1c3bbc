/** What a call can fail with: the server's refusal, or no answer at all. */
import type { ErrorEnvelope } from "./types";

export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    /** HTTP status; 0 when no answer came. */
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: Record<string, unknown> = {},
  ) {
    super(message);
  }

  /** The command may or may not have been carried out: nobody answered, or nobody knows. */
  get outcomeUnknown(): boolean {
    return this.status === 0 || this.code === "UNKNOWN_OUTCOME";
  }
}

export function noAnswer(): ApiError {
  return new ApiError(0, "NO_ANSWER", "The exchange does not answer. Check your connection.");
}

/** Read a refusal; answers that are not ours (a proxy's page, say) still get a plain sentence. */
export async function readRefusal(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => null);
  if (isEnvelope(body)) {
    const { code, message, details } = body.error;
    return new ApiError(response.status, code, message, details);
  }
  const sentence = `The exchange answered with an unexpected status (${response.status}).`;
  return new ApiError(response.status, "UNEXPECTED_ANSWER", sentence);
}

function isEnvelope(body: unknown): body is ErrorEnvelope {
  if (typeof body !== "object" || body === null || !("error" in body)) return false;
  const { error } = body;
  return typeof error === "object" && error !== null && "message" in error;
}

/** One sentence for people, whatever went wrong. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "Something went wrong.";
}
