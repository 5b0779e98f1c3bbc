/**
 * The JWT pair. The access token lives in memory; the refresh token in sessionStorage, so that a
 * reload keeps the session while closing the tab ends it and no other tab can read it.
 */
import { ApiError } from "./errors";
import type { TokenPair } from "./types";

const STORAGE_KEY = "kalency.refresh";

/** Exchanges a refresh token for a new access token (and maybe a new refresh token). */
export type Renew = (refresh: string) => Promise<Pick<TokenPair, "access"> & Partial<TokenPair>>;

export class Tokens {
  private access: string | null = null;
  private renewal: Promise<string | null> | null = null;
  /** Told when the server no longer accepts the refresh token. */
  onLost: () => void = () => {};

  constructor(
    private readonly renew: Renew,
    private readonly storage: Storage,
  ) {}

  /** Whether there is a session to resume after a reload. */
  get resumable(): boolean {
    return this.storage.getItem(STORAGE_KEY) !== null;
  }

  keep({ access, refresh }: { access: string; refresh?: string }): void {
    this.access = access;
    if (refresh) this.storage.setItem(STORAGE_KEY, refresh);
  }

  forget(): void {
    this.access = null;
    this.storage.removeItem(STORAGE_KEY);
  }

  /** The access token at hand, or a new one; null without a session. */
  async current(): Promise<string | null> {
    return this.access ?? this.replace(null);
  }

  /** Replace a token the server refused. Calls that come together share one renewal. */
  async replace(refused: string | null): Promise<string | null> {
    if (this.access !== null && this.access !== refused) return this.access;
    const refresh = this.storage.getItem(STORAGE_KEY);
    if (refresh === null) return null;
    this.renewal ??= this.renewOnce(refresh).finally(() => {
      this.renewal = null;
    });
    return this.renewal;
  }

  private async renewOnce(refresh: string): Promise<string | null> {
    try {
      const pair = await this.renew(refresh);
      // Logged out, or in as somebody else, while the answer was on its way.
      if (this.storage.getItem(STORAGE_KEY) !== refresh) return this.access;
      this.keep(pair);
      return pair.access;
    } catch (error) {
      // Only a refusal ends the session; a server that is away may come back.
      if (!(error instanceof ApiError) || (error.status !== 401 && error.status !== 400))
        throw error;
      this.forget();
      this.onLost();
      return null;
    }
  }
}
