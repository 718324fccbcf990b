/**
 * What can be done with an entity: "do" it now or never, or "keep" it so whenever the node is there. The input is of the kind that the
 * value is; the outcome is said in words: answered, refused, away, or no answer in time.
 */
import { useSignal } from "@preact/signals";
import { type ApiError, ask, may } from "../api.ts";
import type { TreeNode } from "../store/model.ts";
import { formatValue } from "../words.ts";

/** How long an action may wait for its node. Chosen: as long as somebody stands at the switch. */
const TTL_MILLIS = 5000;

type Outcome = { kind: "none" | "busy" | "good" | "bad"; words: string };
type Kind = "switch" | "number" | "text" | "json";

interface Answer {
  ok?: boolean;
  value?: unknown;
  error?: string;
}

export function ActionForm({
  node,
  eid,
  value,
  unit,
}: {
  node: TreeNode;
  eid: string;
  value: unknown;
  unit: string | null;
}) {
  const outcome = useSignal<Outcome>({ kind: "none", words: "" });
  const draft = useSignal<string | undefined>(undefined);
  const kind = kindOf(value);
  if (!may("act")) return <p class="hint">You may look. To switch or set something, ask for the role “act”.</p>;
  const shown =
    draft.value ?? (kind === "json" ? "" : typeof value === "string" || typeof value === "number" ? String(value) : "");
  const run = async (how: "act" | "set", wanted: unknown): Promise<void> => {
    outcome.value = { kind: "busy", words: how === "act" ? `Asking ${node.id} …` : "Writing it down …" };
    outcome.value = how === "act" ? await act(node.id, eid, wanted) : await keep(node, eid, wanted);
  };
  const submit = (how: "act" | "set"): void => {
    const wanted = parse(kind, shown);
    if (wanted === undefined)
      outcome.value = { kind: "bad", words: kind === "number" ? "This is no number." : "This is no JSON." };
    else void run(how, wanted);
  };
  const isBusy = outcome.value.kind === "busy";
  return (
    <form
      class="action"
      aria-label={`Do or keep ${eid}`}
      onSubmit={(event) => {
        event.preventDefault();
        submit("act");
      }}
    >
      {kind === "switch" ? (
        <>
          {[true, false].map((on) => (
            <button key={String(on)} type="button" disabled={isBusy} onClick={() => void run("act", on)}>
              {on ? "Switch on" : "Switch off"}
            </button>
          ))}
          {[true, false].map((on) => (
            <button
              key={`keep ${on}`}
              class="plain"
              type="button"
              disabled={isBusy}
              onClick={() => void run("set", on)}
            >
              {on ? "Keep on" : "Keep off"}
            </button>
          ))}
        </>
      ) : (
        <>
          <label class="action-value">
            <span class="sr-only">New value of {eid}</span>
            <input
              type="text"
              inputMode={kind === "number" ? "decimal" : "text"}
              placeholder={kind === "json" ? "JSON, such as true, 21 or {…}" : "value"}
              value={shown}
              onInput={(event) => (draft.value = event.currentTarget.value)}
            />
            {unit !== null && <span class="unit">{unit}</span>}
          </label>
          <button type="submit" disabled={isBusy} title="Now or never: nothing is kept if the node is away">
            Do now
          </button>
          <button
            class="plain"
            type="button"
            disabled={isBusy}
            title="Delivered whenever the node is there, until you keep something else"
            onClick={() => submit("set")}
          >
            Keep
          </button>
        </>
      )}
      <p class={`outcome is-${outcome.value.kind}`} role="status">
        {outcome.value.words}
      </p>
    </form>
  );
}

/** For what a node does and has never said, such as a button. */
export function FreeAction({ node }: { node: TreeNode }) {
  const eid = useSignal("");
  if (!may("act")) return null;
  return (
    <details class="card free-action">
      <summary>Do something else</summary>
      <p class="hint">
        An action need not have a value that is shown above: name its entity as the node's program does.
      </p>
      <label>
        Entity
        <input
          value={eid.value}
          autocapitalize="none"
          spellcheck={false}
          maxLength={64}
          onInput={(event) => (eid.value = event.currentTarget.value)}
        />
      </label>
      {eid.value !== "" && <ActionForm key={eid.value} node={node} eid={eid.value} value={undefined} unit={null} />}
    </details>
  );
}

async function act(node: string, eid: string, value: unknown): Promise<Outcome> {
  try {
    const answer = await ask<Answer>(
      "POST",
      `/api/nodes/${encodeURIComponent(node)}/act`,
      { eid, value, ttl: TTL_MILLIS },
      TTL_MILLIS,
    );
    return { kind: "good", words: `Done. ${node} answered ${formatValue(answer.value)}.` };
  } catch (error) {
    const { status, body, message } = error as ApiError;
    const said = (body as Answer | undefined)?.error;
    switch (status) {
      case 502:
        return { kind: "bad", words: `${node} tried and could not: ${formatValue(said)}` };
      case 503:
        return {
          kind: "bad",
          words: said === "offline" ? `${node} is away: nothing was done, and nothing will be done later.` : message,
        };
      case 504:
        return {
          kind: "bad",
          words: `No answer from ${node} in time: it may or may not have been done. Look at its value.`,
        };
      default:
        return { kind: "bad", words: message };
    }
  }
}

async function keep(node: TreeNode, eid: string, value: unknown): Promise<Outcome> {
  try {
    await ask("PUT", `/api/nodes/${encodeURIComponent(node.id)}/set`, { eid, value });
    return {
      kind: "good",
      words: node.isUp ? `Written down; ${node.id} is told.` : `Written down. ${node.id} is told when it is back.`,
    };
  } catch (error) {
    return { kind: "bad", words: (error as Error).message };
  }
}

function kindOf(value: unknown): Kind {
  if (typeof value === "boolean") return "switch";
  if (typeof value === "number") return "number";
  return typeof value === "string" ? "text" : "json";
}

/** Undefined if that is not what it can be. */
function parse(kind: Kind, text: string): unknown {
  if (kind === "text") return text;
  if (kind === "number") {
    // Half of the world writes 21,5.
    const number = Number(text.trim().replace(",", "."));
    return text.trim() === "" || !Number.isFinite(number) ? undefined : number;
  }
  if (text.trim() === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
