/** Which nodes have a token, and its end: the node is cut at once. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask } from "../api.ts";
import { formatDay } from "../words.ts";
import { Link } from "./link.tsx";

export function Tokens() {
  const tokens = useSignal<{ id: string; created: string }[]>([]);
  const asked = useSignal<string | undefined>(undefined);
  const said = useSignal({ words: "", isBad: false });
  const load = async (): Promise<void> => {
    tokens.value = (await ask<{ tokens: { id: string; created: string }[] }>("GET", "/api/tokens")).tokens;
  };
  useEffect(() => {
    load().catch((error: Error) => (said.value = { words: error.message, isBad: true }));
  }, []);
  const revoke = async (id: string): Promise<void> => {
    try {
      await ask("DELETE", `/api/tokens/${encodeURIComponent(id)}`);
      said.value = { words: `The token of ${id} has ended. What it sent stays in the log.`, isBad: false };
      await load();
    } catch (error) {
      said.value = { words: (error as Error).message, isBad: true };
    }
    asked.value = undefined;
  };
  return (
    <section class="card" aria-labelledby="tokens-title">
      <h2 id="tokens-title">Tokens of nodes</h2>
      {tokens.value.length === 0 && (
        <p class="hint">
          No node may connect yet. <Link to={["add"]}>Add one</Link>.
        </p>
      )}
      <ul class="lines">
        {tokens.value.map(({ id, created }) => (
          <li key={id}>
            <b>{id}</b>
            <span class="hint">since {formatDay(Date.parse(created))}</span>
            <span class="line-tools">
              {asked.value === id ? (
                <>
                  <button class="danger" type="button" onClick={() => void revoke(id)}>
                    End it: {id} is cut
                  </button>
                  <button class="plain" type="button" onClick={() => (asked.value = undefined)}>
                    Leave it
                  </button>
                </>
              ) : (
                <button
                  class="plain danger"
                  type="button"
                  aria-label={`End the token of ${id}`}
                  onClick={() => (asked.value = id)}
                >
                  End
                </button>
              )}
            </span>
          </li>
        ))}
      </ul>
      <p class={said.value.isBad ? "trouble" : "hint"} role="status">
        {said.value.words}
      </p>
    </section>
  );
}
