/** Sign-in of people: name and password, and what to do if there is none. */
import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { signIn } from "../api.ts";
import { Logo } from "../parts/icons.tsx";

export function SignInPage() {
  const trouble = useSignal("");
  const isBusy = useSignal(false);
  const password = useRef<HTMLInputElement>(null);
  const submit = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget as HTMLFormElement);
    isBusy.value = true;
    trouble.value = "";
    try {
      await signIn(String(fields.get("name")).trim(), String(fields.get("password")));
    } catch (error) {
      trouble.value = (error as Error).message;
      password.current?.select();
    } finally {
      isBusy.value = false;
    }
  };
  return (
    <main class="sign-in">
      <form class="card sign-in-card" onSubmit={submit}>
        <Logo size={44} />
        <h1>Sapline</h1>
        <label>
          Name
          <input name="name" autocomplete="username" autocapitalize="none" spellcheck={false} required autofocus />
        </label>
        <label>
          Password
          <input ref={password} name="password" type="password" autocomplete="current-password" required />
        </label>
        <p class="trouble" role="alert">
          {trouble}
        </p>
        <button class="primary" type="submit" disabled={isBusy.value}>
          {isBusy.value ? "One moment …" : "Sign in"}
        </button>
        <details>
          <summary>Here for the first time?</summary>
          <p>
            The root printed a name and a password when it first started. If they are gone, say on its machine
            <code>sapline person password admin</code>
          </p>
        </details>
      </form>
    </main>
  );
}
