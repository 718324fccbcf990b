/** One entity: what it is now and how old that is, how it went lately, what it should be; opened, its history and its actions. */
import { useEffect } from "preact/hooks";
import { ask } from "../api.ts";
import { now } from "../clock.ts";
import { type Entity, isStale, refill, type TreeNode } from "../store/model.ts";
import { formatAge, formatDay, formatTime, formatValue, LATE_MILLIS, type StoredEvent } from "../words.ts";
import { ActionForm } from "./action-form.tsx";
import { History } from "./history.tsx";
import { Icon } from "./icons.tsx";
import { Sparkline } from "./sparkline.tsx";

/** As many points as a small chart shows. */
const RECALLED = 60;

export function EntityCard({
  node,
  entity,
  isOpen,
  onOpen,
}: {
  node: TreeNode;
  entity: Entity;
  isOpen: boolean;
  onOpen: (isOpen: boolean) => void;
}) {
  useEffect(() => void recall(node, entity), [node.id, entity.eid]);
  const isOld = isStale(node, entity, now.value);
  const title = `entity-${entity.eid}`;
  return (
    <article class={`card entity${isOpen ? " is-open" : ""}${isOld ? " is-stale" : ""}`} aria-label={entity.eid}>
      <button
        class="entity-head"
        type="button"
        aria-expanded={isOpen}
        aria-controls={title}
        onClick={() => onOpen(!isOpen)}
      >
        <span class="entity-name">{entity.eid}</span>
        <span class="entity-value">
          <b>{entity.received === null ? "–" : formatValue(entity.value)}</b>
          {entity.unit !== null && <span class="unit"> {entity.unit}</span>}
        </span>
        <Sparkline points={entity.recent} />
        <span class="entity-age">
          <AgeWords entity={entity} isOld={isOld} />
        </span>
        <Icon name="right" size={18} />
      </button>
      {entity.desired !== null && (
        <p class={`desired ${entity.desired.isSettled ? "is-settled" : "is-pending"}`}>
          {entity.desired.isSettled ? "Kept at " : "To be "}
          <b>
            {formatValue(entity.desired.value)}
            {entity.unit !== null && ` ${entity.unit}`}
          </b>
          {entity.desired.isSettled
            ? ": settled"
            : `: pending, ${node.isUp ? "not confirmed yet" : `until ${node.id} is back`}`}
        </p>
      )}
      {isOpen && (
        <div id={title} class="entity-body">
          <History node={node.id} entity={entity} />
          <ActionForm node={node} eid={entity.eid} value={entity.value} unit={entity.unit} />
        </div>
      )}
    </article>
  );
}

/** Questions to the log, one after the other: it has other readers. */
let recalling: Promise<void> = Promise.resolve();

/** A page that was just opened has not seen how the value went: the log has. */
async function recall(node: TreeNode, entity: Entity): Promise<void> {
  if (entity.recent.length >= RECALLED || entity.received === null) return;
  recalling = recalling.then(() => refillFromLog(node, entity));
}

async function refillFromLog(node: TreeNode, entity: Entity): Promise<void> {
  const path = `/api/nodes/${encodeURIComponent(node.id)}/entities/${encodeURIComponent(entity.eid)}/history`;
  const found = await ask<{ events: StoredEvent[] }>("GET", `${path}?limit=${RECALLED}`).catch(() => undefined);
  if (found !== undefined) refill(entity, found.events);
}

function AgeWords({ entity: { ts, received }, isOld }: { entity: Entity; isOld: boolean }) {
  if (received === null || ts === null) return <>never said</>;
  const age = formatAge(now.value - received);
  return (
    <span title={`made ${formatTime(ts)}, arrived ${formatTime(received)}`}>
      {isOld ? `old: ${age}` : age}
      {Math.abs(received - ts) > LATE_MILLIS && <span class="entity-made"> · of {formatDay(ts)}</span>}
    </span>
  );
}
