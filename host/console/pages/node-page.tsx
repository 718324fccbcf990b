/** One node: where it is and how it does, its entities with what they were and what can be done with them, and what happened to it. */
import { useSignal } from "@preact/signals";
import { now } from "../clock.ts";
import { EntityCard } from "../parts/entity-card.tsx";
import { FreeAction } from "../parts/action-form.tsx";
import { Icon } from "../parts/icons.tsx";
import { Link } from "../parts/link.tsx";
import { NodeFigures } from "../parts/node-figures.tsx";
import { NodeStory } from "../parts/node-story.tsx";
import { connection, model, movedShown, shown } from "../store/live.ts";
import { formatDuration, formatTime, plural } from "../words.ts";

/** More entities than this can be searched. */
const FEW = 12;
/** Cards on the page at once. */
const SHOWN = 60;

export function NodePage({ id, wanted }: { id: string; wanted: string | undefined }) {
  const open = useSignal<string | undefined>(wanted);
  const part = useSignal("");
  void movedShown.value;
  void shown.value;
  const node = model.nodes.get(id);
  if (node === undefined)
    return connection.value.name === "first" ? (
      <p class="loading">Asking the root …</p>
    ) : (
      <div class="empty">
        <h1>{id} has not joined</h1>
        <p>
          No node of that name has ever joined. It may be called otherwise: look at <Link to={["tree"]}>the tree</Link>.
        </p>
      </div>
    );
  const way = ["root", ...model.way(id).reverse()];
  const all = [...node.entities.values()].filter(({ eid }) => !eid.startsWith("sapline."));
  const entities = all
    .filter(({ eid }) => eid === open.value || eid.toLowerCase().includes(part.value.toLowerCase()))
    .sort((a, b) => (a.eid < b.eid ? -1 : 1));
  const children = [...model.nodes.values()].filter(({ parent }) => parent === id);
  return (
    <>
      <header class="page-head node-head">
        <nav class="way" aria-label="Way to the root">
          <Link to={["tree"]}>
            <Icon name="back" size={16} />
            root
          </Link>
          {way.slice(1).map((step) => (
            <span key={step}>
              <i aria-hidden="true">›</i>
              <Link to={["node", step]}>{step}</Link>
            </span>
          ))}
        </nav>
        <div class="node-title">
          <h1>{id}</h1>
          <span class={`state ${node.isUp ? "is-up" : "is-away"}`} title={`since ${formatTime(node.since)}`}>
            <span class={`dot ${node.isUp ? "is-up" : "is-away"}`} aria-hidden="true" />
            {node.isUp ? "here" : "away"} for {formatDuration(now.value - node.since)}
          </span>
        </div>
        {!node.isUp && (
          <p class="notice">
            It is away: actions are refused now, and what you keep is delivered when it is back. Its values are from
            before.
          </p>
        )}
        {children.length > 0 && (
          <p class="hint">
            {plural(children.length, "child", "children")}:{" "}
            {children.map(({ id: child }, at) => (
              <span key={child}>
                {at > 0 && ", "}
                <Link to={["node", child]}>{child}</Link>
              </span>
            ))}
          </p>
        )}
      </header>
      <NodeFigures node={node} />
      <section aria-labelledby="entities-title">
        <h2 id="entities-title">Entities</h2>
        {all.length > FEW && (
          <label class="search">
            <Icon name="search" size={18} />
            <span class="sr-only">Search entities</span>
            <input
              type="search"
              placeholder={`Search ${all.length} entities`}
              value={part.value}
              onInput={(event) => (part.value = event.currentTarget.value)}
            />
          </label>
        )}
        {all.length === 0 && (
          <p class="hint">
            {id} has not said a value yet. A program says one by <code>entity.update(21.5)</code>.
          </p>
        )}
        <div class="entities">
          {entities.slice(0, SHOWN).map((entity) => (
            <EntityCard
              key={entity.eid}
              node={node}
              entity={entity}
              isOpen={open.value === entity.eid}
              onOpen={(isOpen) => (open.value = isOpen ? entity.eid : undefined)}
            />
          ))}
        </div>
        {entities.length > SHOWN && <p class="hint">{entities.length - SHOWN} more: search for them by name.</p>}
        <FreeAction node={node} />
      </section>
      <NodeStory id={id} />
    </>
  );
}
