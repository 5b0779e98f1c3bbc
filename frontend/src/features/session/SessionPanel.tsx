/** Stands in the ticket's place until somebody is logged in: log in, or sign up. */
import { useState } from "react";
import { useSession } from "@/state/hooks";
import { Panel } from "@/ui/Panel";
import { LoadingRows } from "@/ui/Placeholder";
import { CredentialsForm, type Purpose } from "./CredentialsForm";

const TITLES: Record<Purpose, string> = { logIn: "Start trading", signUp: "New account" };

export function SessionPanel() {
  const session = useSession();
  const [purpose, setPurpose] = useState<Purpose>("logIn");
  return (
    <Panel title={TITLES[purpose]} area="ticket">
      {session.status === "out" ? (
        <CredentialsForm
          key={purpose}
          purpose={purpose}
          notice={session.notice}
          onPurpose={setPurpose}
        />
      ) : (
        <LoadingRows count={8} />
      )}
    </Panel>
  );
}
