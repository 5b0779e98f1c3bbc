/** Who is logged in. Owns logging in, signing up, resuming after a reload, and logging out. */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { Api } from "@/api/client";
import type { Account, Credentials } from "@/api/types";

export type SessionState =
  | { readonly status: "resuming" }
  | { readonly status: "out"; readonly notice: string | null }
  | { readonly status: "in"; readonly account: Account };

export class Session {
  readonly store: StoreApi<SessionState>;

  constructor(
    private readonly api: Api,
    private readonly forgetPrivateData: () => void,
  ) {
    this.store = createStore<SessionState>(() =>
      api.tokens.resumable ? { status: "resuming" } : { status: "out", notice: null },
    );
    api.tokens.onLost = () => this.end("Your session has ended. Please log in again.");
  }

  /** Pick up the session of before a reload, if there is one. */
  async resume(): Promise<void> {
    if (this.store.getState().status !== "resuming") return;
    try {
      this.begin(await this.api.account());
    } catch {
      // Lost tokens have told their notice already; with the server away, the form says why.
      if (this.store.getState().status === "resuming") {
        this.end("Your session could not be resumed. Please log in again.");
      }
    }
  }

  async logIn(credentials: Credentials): Promise<void> {
    await this.api.logIn(credentials);
    this.begin(await this.api.account());
  }

  async signUp(credentials: Credentials): Promise<void> {
    await this.api.register(credentials);
    await this.logIn(credentials);
  }

  logOut(): void {
    this.api.tokens.forget();
    this.end(null);
  }

  private begin(account: Account): void {
    this.store.setState({ status: "in", account }, true);
  }

  private end(notice: string | null): void {
    this.forgetPrivateData();
    this.store.setState({ status: "out", notice }, true);
  }
}
