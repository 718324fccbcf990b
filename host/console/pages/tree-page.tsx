/** The tree: its picture, and the same as a list for keyboards, screen readers and fingers. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { may } from "../api.ts";
import { now } from "../clock.ts";
import { Icon } from "../parts/icons.tsx";
import { Link } from "../parts/link.tsx";
import { NodeCard } from "../parts/node-card.tsx";
import { NodeList } from "../parts/node-list.tsx";
import { Picture } from "../parts/picture.tsx";
import { TreeState } from "../parts/tree-state.ts";
import { connection, model, movedShown, shown } from "../store/live.ts";
import { formatNumber, formatTime, plural } from "../words.ts";

export function TreePage() {
  const state = useMemo(() => new TreeState(), []);
  const tab = useSignal<"picture" | "list">("picture");
  void movedShown.value;
  const isEmpty = model.nodes.size === 0;
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== "/" || isTyping(event.target)) return;
      event.preventDefault();
      document.getElementById("tree-search")?.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  if (isEmpty) return connection.value.name === "first" ? <p class="loading">Asking the root …</p> : <NoNodes />;
  return (
    <div class={`tree show-${tab.value}`}>
      <h1 class="sr-only">Tree</h1>
      <header class="tree-head">
        <label class="search">
          <Icon name="search" size={18} />
          <span class="sr-only">Search nodes</span>
          <input
            id="tree-search"
            type="search"
            placeholder="Search  /"
            value={state.search.value}
            onInput={(event) => {
              state.search.value = event.currentTarget.value;
            }}
          />
        </label>
        <Counts state={state} />
        <Moment state={state} />
        <div class="segmented tree-tabs" role="group" aria-label="Show as">
          {(["picture", "list"] as const).map((name) => (
            <button key={name} type="button" aria-pressed={tab.value === name} onClick={() => (tab.value = name)}>
              {name === "picture" ? "Picture" : "List"}
            </button>
          ))}
        </div>
      </header>
      <NodeList state={state} />
      <Picture key={state.past.value ?? "now"} state={state} />
      <NodeCard state={state} />
    </div>
  );
}

/** Now, or a moment of the past: who was below whom then. */
function Moment({ state }: { state: TreeState }) {
  const isOpen = useSignal(false);
  const { value: past } = state.past;
  if (past === undefined && !isOpen.value)
    return (
      <button class="plain moment-open" type="button" onClick={() => (isOpen.value = true)}>
        Earlier …
      </button>
    );
  return (
    <form class="moment" aria-label="The tree as it was" onSubmit={(event) => event.preventDefault()}>
      <label>
        <span class="sr-only">The tree as it was at</span>
        <input
          type="datetime-local"
          step={1}
          max={localMoment(now.value)}
          defaultValue={localMoment(now.value - 3_600_000)}
          onChange={(event) => {
            const at = new Date(event.currentTarget.value).getTime();
            if (!Number.isNaN(at)) void state.look(at);
          }}
        />
      </label>
      <button
        type="button"
        onClick={() => {
          isOpen.value = false;
          void state.look(undefined);
        }}
      >
        Now
      </button>
      <span class="trouble" role="alert">
        {state.trouble.value}
      </span>
    </form>
  );
}

/** As a field for times wants it: the reader's zone, to the second. */
function localMoment(unixMillis: number): string {
  const date = new Date(unixMillis);
  return new Date(unixMillis - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

function Counts({ state }: { state: TreeState }) {
  void shown.value;
  const nodes = [...state.model.value.nodes.values()];
  const { value: past } = state.past;
  const up = nodes.filter((node) => node.isUp).length;
  return (
    <p class="counts">
      <span>
        <span class="dot is-up" aria-hidden="true" />
        {nodes.length === 0
          ? "no node had joined"
          : up === nodes.length
            ? `all ${plural(up, "node")} here`
            : `${up} of ${plural(nodes.length, "node")} here`}
        {past !== undefined && ` at ${formatTime(past)}`}
      </span>
      {past === undefined && <span class="counts-rate">{formatNumber(Math.round(model.rate))} events/s</span>}
    </p>
  );
}

function NoNodes() {
  return (
    <div class="empty">
      <h1>No node has joined yet</h1>
      <p>A node needs a token and the root's address. Then it appears here by itself.</p>
      {may("administer") ? (
        <Link class="button primary" to={["add"]}>
          Add the first node
        </Link>
      ) : (
        <p>Ask somebody who may administer to add one.</p>
      )}
      <p class="hint">
        To see a whole tree without a board: <code>make run</code> where Sapline was cloned to.
      </p>
    </div>
  );
}

export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}
