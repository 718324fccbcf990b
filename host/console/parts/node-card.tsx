/** What is chosen in the tree, in short, and what can be done with it. */
import { useEffect } from "preact/hooks";
import { now } from "../clock.ts";
import { shown } from "../store/live.ts";
import { isStale } from "../store/model.ts";
import { formatAge, formatDuration, formatNumber, formatValue, plural } from "../words.ts";
import { Icon } from "./icons.tsx";
import { Link } from "./link.tsx";
import { isRecent } from "./recency.ts";
import type { TreeState } from "./tree-state.ts";

const ENTITIES_SHOWN = 5;

export function NodeCard({ state }: { state: TreeState }) {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === "Escape") state.selected.value = undefined;
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  void shown.value;
  const model = state.model.value;
  const moment = state.past.value ?? now.value;
  const node = model.nodes.get(state.selected.value ?? "");
  if (node === undefined) return null;
  const below = [...model.nodes.values()].filter(({ parent }) => parent === node.id).length;
  const isFolded = state.folded.value.has(node.id);
  const entities = [...node.entities.values()].sort((a, b) => (a.eid < b.eid ? -1 : 1));
  return (
    <aside class="card node-card" aria-label={`About ${node.id}`}>
      <header>
        <span class={`dot ${node.isUp ? "is-up" : "is-away"}`} aria-hidden="true" />
        <h2>{node.id}</h2>
        <button class="plain" type="button" aria-label="Close" onClick={() => (state.selected.value = undefined)}>
          <Icon name="close" size={18} />
        </button>
      </header>
      <p class="node-card-state">
        {node.isUp ? "Here" : "Away"} for {formatDuration(moment - node.since)}, below{" "}
        {node.parent === "root" ? "the root" : node.parent}
        {below > 0 && `, ${plural(below, "child", "children")}`}
        {node.isUp && node.rate >= 0.1 && `, ${formatNumber(Math.round(node.rate * 10) / 10)} events/s`}
      </p>
      {entities.length === 0 && state.past.value === undefined && <p class="hint">It has not said a value yet.</p>}
      <dl class="node-card-values">
        {entities.slice(0, ENTITIES_SHOWN).map((entity) => (
          <div key={entity.eid} class={isStale(node, entity, now.value) ? "is-stale" : ""}>
            <dt>{entity.eid}</dt>
            <dd>
              {formatValue(entity.value)}
              {entity.unit !== null && <span class="unit"> {entity.unit}</span>}
              <small>
                {entity.received === null
                  ? "never"
                  : isRecent(entity.received, now.value)
                    ? ""
                    : formatAge(now.value - entity.received)}
              </small>
            </dd>
          </div>
        ))}
      </dl>
      {entities.length > ENTITIES_SHOWN && <p class="hint">and {entities.length - ENTITIES_SHOWN} more</p>}
      <footer>
        <Link class="button primary" to={["node", node.id]}>
          Open
        </Link>
        {below > 0 && (
          <button type="button" onClick={() => state.fold(node.id, !isFolded)}>
            {isFolded ? "Unfold" : "Fold"}
          </button>
        )}
      </footer>
    </aside>
  );
}
