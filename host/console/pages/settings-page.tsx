/** Colours, one's own password, and for who administers: people and tokens. */
import { useSignal } from "@preact/signals";
import { ask, may, type Person, person, signOut } from "../api.ts";
import { People } from "../parts/people.tsx";
import { Tokens } from "../parts/tokens.tsx";
import { type Theme, theme } from "../theme.ts";

const ROLE_WORDS = {
  look: "You may look at everything.",
  act: "You may look at everything, switch and set.",
  administer: "You may do everything: also add nodes and people.",
};

const THEMES: { value: Theme; name: string }[] = [
  { value: "system", name: "As this device" },
  { value: "light", name: "Light" },
  { value: "dark", name: "Dark" },
];

export function SettingsPage() {
  return (
    <>
      <header class="page-head">
        <h1>Settings</h1>
      </header>
      <div class="columns">
        <section class="card" aria-labelledby="you-title">
          <h2 id="you-title">{person.value?.name}</h2>
          <p>{ROLE_WORDS[person.value?.role ?? "look"]}</p>
          <button type="button" onClick={() => void signOut()}>
            Sign out
          </button>
        </section>
        <section class="card" aria-labelledby="colors-title">
          <h2 id="colors-title">Colours</h2>
          <div class="segmented" role="group" aria-label="Colours">
            {THEMES.map(({ value, name }) => (
              <button
                key={value}
                type="button"
                aria-pressed={theme.value === value}
                onClick={() => (theme.value = value)}
              >
                {name}
              </button>
            ))}
          </div>
        </section>
        <Password />
      </div>
      {may("administer") && <People />}
      {may("administer") && <Tokens />}
    </>
  );
}

function Password() {
  const said = useSignal({ words: "", isBad: false });
  const submit = async (form: HTMLFormElement): Promise<void> => {
    const fields = new FormData(form);
    const [current, password] = [String(fields.get("current")), String(fields.get("password"))];
    if (password !== String(fields.get("again"))) {
      said.value = { words: "The two new passwords are not the same.", isBad: true };
      return;
    }
    try {
      person.value = await ask<Person>("PUT", "/api/session/password", { current, password });
      form.reset();
      said.value = { words: "Changed. Your other devices are signed out.", isBad: false };
    } catch (error) {
      said.value = { words: (error as Error).message, isBad: true };
    }
  };
  return (
    <section class="card" aria-labelledby="password-title">
      <h2 id="password-title">Your password</h2>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit(event.currentTarget);
        }}
      >
        <input
          class="sr-only"
          type="text"
          autocomplete="username"
          value={person.value?.name}
          readOnly
          tabIndex={-1}
          aria-hidden="true"
        />
        <label>
          Now
          <input name="current" type="password" autocomplete="current-password" required />
        </label>
        <label>
          New
          <input name="password" type="password" autocomplete="new-password" minLength={8} maxLength={200} required />
        </label>
        <label>
          New, once more
          <input name="again" type="password" autocomplete="new-password" required />
        </label>
        <p class={said.value.isBad ? "trouble" : "hint"} role="status">
          {said.value.words}
        </p>
        <button type="submit">Change it</button>
      </form>
    </section>
  );
}
