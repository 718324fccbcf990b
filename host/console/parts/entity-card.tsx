/** One entity: what it is now and how old that is, how it went lately, what it should be; opened, its history and its actions. */
import { now } from "../clock.ts";
import { type Entity, isStale, type TreeNode } from "../store/model.ts";
import { formatAge, formatDay, formatTime, formatValue, LATE_MILLIS } from "../words.ts";
import { ActionForm } from "./action-form.tsx";
import { History } from "./history.tsx";
import { Icon } from "./icons.tsx";
import { Sparkline } from "./sparkline.tsx";

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
