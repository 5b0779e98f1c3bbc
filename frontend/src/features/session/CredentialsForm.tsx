/** Username and password, for an account that exists or a new one. */
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { messageOf } from "@/api/errors";
import { useServices } from "@/state/services";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import styles from "./Session.module.css";

export type Purpose = "logIn" | "signUp";

const WORDS = {
  logIn: {
    lead: "Paper money, real matching. Log in to trade.",
    submit: "Log in",
    other: "Create an account",
    password: "current-password",
  },
  signUp: {
    lead: "A new account starts with paper money. No e-mail needed.",
    submit: "Create account",
    other: "I have an account",
    password: "new-password",
  },
} as const;

interface CredentialsFormProps {
  purpose: Purpose;
  /** Why the person is asked again, if they are. */
  notice: string | null;
  onPurpose(purpose: Purpose): void;
}

export function CredentialsForm({ purpose, notice, onPurpose }: CredentialsFormProps) {
  const { session } = useServices();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const attempt = useMutation({ mutationFn: () => session[purpose]({ username, password }) });
  const words = WORDS[purpose];

  function handleSubmit(event: FormEvent) {
    event.preventDefault();
    attempt.mutate();
  }

  return (
    <form className={styles.form} onSubmit={handleSubmit}>
      <p className="soft">{words.lead}</p>
      {notice && !attempt.error && <p role="status">{notice}</p>}
      <Field
        label="Username"
        autoComplete="username"
        autoCapitalize="none"
        spellCheck={false}
        required
        value={username}
        onChange={(event) => setUsername(event.target.value)}
      />
      <Field
        label="Password"
        type="password"
        autoComplete={words.password}
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      <Button look="main" type="submit" disabled={attempt.isPending}>
        {words.submit}
      </Button>
      <div className={styles.message}>
        {attempt.error && (
          <p role="alert" className={styles.refusal}>
            {messageOf(attempt.error)}
          </p>
        )}
      </div>
      <Button look="link" onClick={() => onPurpose(purpose === "logIn" ? "signUp" : "logIn")}>
        {words.other}
      </Button>
    </form>
  );
}
