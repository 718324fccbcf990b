/** Who may sign in: added with a role and a password that is seen once, changed, removed. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask, person, type Role } from "../api.ts";

const ROLES: Role[] = ["look", "act", "administer"];

export function People() {
  const people = useSignal<{ name: string; role: Role }[]>([]);
  const said = useSignal({ words: "", isBad: false });
  const load = async (): Promise<void> => {
    people.value = (await ask<{ people: { name: string; role: Role }[] }>("GET", "/api/people")).people;
  };
  useEffect(() => {
    load().catch((error: Error) => (said.value = { words: error.message, isBad: true }));
  }, []);
  const change = async (what: () => Promise<string>): Promise<boolean> => {
    try {
      said.value = { words: await what(), isBad: false };
      await load();
      return true;
    } catch (error) {
      said.value = { words: (error as Error).message, isBad: true };
      return false;
    }
  };
  const pathOf = (name: string): string => `/api/people/${encodeURIComponent(name)}`;
  const add = async (form: HTMLFormElement): Promise<void> => {
    const fields = new FormData(form);
    const isDone = await change(async () => {
      const made = await ask<{ name: string; password: string }>("POST", "/api/people", {
        name: String(fields.get("name")).trim(),
        role: String(fields.get("role")),
      });
      return `${made.name} signs in with the password ${made.password} (seen only now).`;
    });
    if (isDone) form.reset();
  };
  return (
    <section class="card" aria-labelledby="people-title">
      <h2 id="people-title">People</h2>
      <ul class="lines">
        {people.value.map(({ name, role }) => (
          <li key={name}>
            <b>{name}</b>
            <select
              aria-label={`Role of ${name}`}
              value={role}
              onChange={(event) => {
                const wanted = event.currentTarget.value;
                void change(async () => {
                  await ask("PUT", pathOf(name), { role: wanted });
                  return `${name} may now ${wanted}, and is signed out where that changed.`;
                });
              }}
            >
              {ROLES.map((one) => (
                <option key={one} value={one}>
                  {one}
                </option>
              ))}
            </select>
            <span class="line-tools">
              <button
                class="plain"
                type="button"
                onClick={() =>
                  void change(async () => {
                    const made = await ask<{ password: string }>("PUT", `${pathOf(name)}/password`, {});
                    return `${name} signs in with the password ${made.password} (seen only now).`;
                  })
                }
              >
                New password
              </button>
              <button
                class="plain danger"
                type="button"
                disabled={name === person.value?.name}
                onClick={() =>
                  void change(async () => {
                    await ask("DELETE", pathOf(name));
                    return `${name} cannot sign in any more.`;
                  })
                }
              >
                Remove
              </button>
            </span>
          </li>
        ))}
      </ul>
      <p class={said.value.isBad ? "trouble" : "notice is-good"} role="status" hidden={said.value.words === ""}>
        {said.value.words}
      </p>
      <form
        class="form-row"
        aria-label="Add somebody"
        onSubmit={(event) => {
          event.preventDefault();
          void add(event.currentTarget);
        }}
      >
        <label>
          Name
          <input name="name" required maxLength={40} autocapitalize="none" spellcheck={false} autocomplete="off" />
        </label>
        <label>
          May
          <select name="role">
            {ROLES.map((one) => (
              <option key={one} value={one}>
                {one}
              </option>
            ))}
          </select>
        </label>
        <button type="submit">Add</button>
      </form>
    </section>
  );
}
