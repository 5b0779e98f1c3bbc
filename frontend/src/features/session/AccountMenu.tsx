/** Who is logged in, and the way out; staff also find the admin here. */

import { useSession } from "@/state/hooks";
import { useServices } from "@/state/services";
import { Button } from "@/ui/Button";
import styles from "./Session.module.css";

export function AccountMenu() {
  const { session } = useServices();
  const state = useSession();
  if (state.status !== "in") return null;
  return (
    <div className={styles.account}>
      {state.account.isStaff && <a href="/admin/">Admin</a>}
      <span className={styles.username}>{state.account.username}</span>
      <Button look="quiet" onClick={() => session.logOut()}>
        Log out
      </Button>
    </div>
  );
}
