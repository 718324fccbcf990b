/**
 * The tree as a list: one row for each node, indented, folded with arrow keys as trees are. Only the rows that can be seen are in the page,
 * so that a thousand nodes cost as much as thirty.
 */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { now } from "../clock.ts";
import { mainEntity } from "../picture/tree-picture.ts";
import { go } from "../route.ts";
import { shown } from "../store/live.ts";
import { isStale } from "../store/model.ts";
import { formatDuration, formatValue } from "../words.ts";
import { Icon } from "./icons.tsx";
import type { Row, TreeState } from "./tree-state.ts";

const ROW_PIXELS = 44;
/** Rows drawn above and below what is seen. */
const SPARE = 6;

export function NodeList({ state }: { state: TreeState }) {
  const box = useRef<HTMLDivElement>(null);
  const seen = useSignal({ top: 0, height: 800 });
  const focused = useSignal<string | undefined>(undefined);
  useEffect(() => {
    const element = box.current as HTMLDivElement;
    const measure = (): void => {
      seen.value = { top: element.scrollTop, height: element.clientHeight };
    };
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener("scroll", measure, { passive: true });
    return () => observer.disconnect();
  }, []);
  void shown.value;
  const rows = state.rows.value;
  const first = Math.max(0, Math.floor(seen.value.top / ROW_PIXELS) - SPARE);
  const last = Math.min(rows.length, Math.ceil((seen.value.top + seen.value.height) / ROW_PIXELS) + SPARE);
  const current = rows.findIndex(({ node }) => node.id === (focused.value ?? state.selected.value));
  const focus = (at: number): void => {
    const row = rows[Math.max(0, Math.min(rows.length - 1, at))];
    if (row === undefined) return;
    focused.value = row.node.id;
    state.selected.value = row.node.id;
    const element = box.current as HTMLDivElement;
    const top = rows.indexOf(row) * ROW_PIXELS;
    if (top < element.scrollTop) element.scrollTop = top;
    else if (top + ROW_PIXELS > element.scrollTop + element.clientHeight)
      element.scrollTop = top + ROW_PIXELS - element.clientHeight;
    // The row may only now come into the page.
    requestAnimationFrame(() => document.getElementById(`row-${row.node.id}`)?.focus({ preventScroll: true }));
  };
  const onKey = (event: KeyboardEvent): void => {
    const at = Math.max(0, current);
    const row = rows[at];
    if (row === undefined) return;
    const { id, parent } = row.node;
    switch (event.key) {
      case "ArrowDown":
        focus(at + 1);
        break;
      case "ArrowUp":
        focus(at - 1);
        break;
      case "Home":
        focus(0);
        break;
      case "End":
        focus(rows.length - 1);
        break;
      case "ArrowRight":
        if (row.isFolded) state.fold(id, false);
        else if (row.children > 0) focus(at + 1);
        break;
      case "ArrowLeft":
        if (row.children > 0 && !row.isFolded) state.fold(id, true);
        else focus(rows.findIndex(({ node }) => node.id === parent));
        break;
      case "Enter":
        go("node", id);
        break;
      case " ":
        state.selected.value = id;
        break;
      default:
        return;
    }
    event.preventDefault();
  };
  return (
    <section class="list" aria-label="Nodes">
      <div class="list-rows" ref={box} role="tree" aria-label="Nodes below the root" onKeyDown={onKey}>
        <div role="none" style={{ height: `${first * ROW_PIXELS}px` }} />
        {rows.slice(first, last).map((row, at) => (
          <ListRow
            key={row.node.id}
            row={row}
            state={state}
            isStop={current < 0 ? first + at === 0 : first + at === current}
          />
        ))}
        <div role="none" style={{ height: `${(rows.length - last) * ROW_PIXELS}px` }} />
      </div>
      {rows.length === 0 && <p class="hint list-none">No node, entity or firmware is called that.</p>}
    </section>
  );
}

function ListRow({ row, state, isStop }: { row: Row; state: TreeState; isStop: boolean }) {
  const { node, depth, children, isFolded, place, siblings } = row;
  const entity = mainEntity(node);
  const isOld = entity !== undefined && isStale(node, entity, now.value);
  const isSelected = state.selected.value === node.id;
  const words =
    entity === undefined ? "" : `${formatValue(entity.value)}${entity.unit === null ? "" : ` ${entity.unit}`}`;
  return (
    <div
      id={`row-${node.id}`}
      class={`list-row${node.isUp ? "" : " is-away"}`}
      role="treeitem"
      aria-level={depth}
      aria-setsize={siblings}
      aria-posinset={place}
      aria-expanded={children > 0 ? !isFolded : undefined}
      aria-selected={isSelected}
      tabIndex={isStop ? 0 : -1}
      style={{ paddingLeft: `${8 + (depth - 1) * 18}px` }}
      onClick={() => {
        state.selected.value = node.id;
      }}
      onDblClick={() => go("node", node.id)}
    >
      <span
        class={`list-fold${children > 0 ? "" : " is-none"}${isFolded ? " is-folded" : ""}`}
        aria-hidden="true"
        onClick={(event) => {
          if (children === 0) return;
          event.stopPropagation();
          state.fold(node.id, !isFolded);
        }}
      >
        <Icon name="right" size={16} />
      </span>
      <span class={`dot ${node.isUp ? (isOld ? "is-stale" : "is-up") : "is-away"}`} aria-hidden="true" />
      <span class="list-name">{node.id}</span>
      <span class={`list-value${isOld ? " is-stale" : ""}`}>
        {node.isUp ? words : `away ${formatDuration((state.past.value ?? now.value) - node.since)}`}
      </span>
    </div>
  );
}
