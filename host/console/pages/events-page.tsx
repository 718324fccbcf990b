/** The live tail: every event as it is stored, by what one wants to see; held still, copied as JSON lines. */
import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { kindOf } from "../parts/node-story.tsx";
import { Icon } from "../parts/icons.tsx";
import { model, movedShown, shown, tail } from "../store/live.ts";
import { fits, TAIL_MAX, type TailFilter } from "../store/tail.ts";
import { addressOf } from "../route.ts";
import { eventWords, formatTime, plural, type StoredEvent } from "../words.ts";
import { isTyping } from "./tree-page.tsx";

const ROW_PIXELS = 36;
const SPARE = 8;
const TYPES: { type: string; name: string }[] = [
  { type: "", name: "every kind" },
  { type: "!update", name: "values" },
  { type: "!log", name: "log lines" },
  { type: "!gap", name: "gaps" },
  { type: "!act", name: "answers to actions" },
  { type: "?set", name: "wishes" },
  { type: "!joined", name: "joined" },
  { type: "!left", name: "left" },
  { type: "!conflict", name: "conflicts" },
];

export function EventsPage() {
  const filter = useSignal<TailFilter>({ node: "", eid: "", type: "" });
  const held = useSignal<StoredEvent[] | undefined>(undefined);
  const copied = useSignal("");
  const events = useComputed(() => {
    void shown.value;
    return (held.value ?? tail.events).filter((event) => fits(event, filter.value)).reverse();
  });
  const hold = (): void => {
    held.value = held.value === undefined ? tail.events : undefined;
  };
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== "p" || isTyping(event.target) || event.ctrlKey || event.metaKey) return;
      hold();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  const copy = async (): Promise<void> => {
    const list = [...events.value].reverse();
    const lines = list.map((event) => JSON.stringify(event)).join("\n");
    copied.value = (await toClipboard(`${lines}\n`))
      ? `${plural(list.length, "event")} copied`
      : "This browser does not let a page copy here: use https or this machine's own address.";
  };
  void movedShown.value;
  const missed = held.value === undefined ? 0 : tail.count - countAt(held.value);
  return (
    <>
      <header class="page-head events-head">
        <h1>Events</h1>
        <form class="events-filter" role="search" onSubmit={(event) => event.preventDefault()}>
          <label>
            <span class="sr-only">Node</span>
            <input
              type="search"
              list="node-names"
              placeholder="any node"
              value={filter.value.node}
              onInput={(event) => (filter.value = { ...filter.value, node: event.currentTarget.value })}
            />
          </label>
          <datalist id="node-names">
            {[...model.nodes.keys(), "root"].slice(0, 200).map((id) => (
              <option key={id} value={id} />
            ))}
          </datalist>
          <label>
            <span class="sr-only">Entity</span>
            <input
              type="search"
              placeholder="any entity"
              value={filter.value.eid}
              onInput={(event) => (filter.value = { ...filter.value, eid: event.currentTarget.value })}
            />
          </label>
          <label>
            <span class="sr-only">Kind</span>
            <select
              value={filter.value.type}
              onChange={(event) => (filter.value = { ...filter.value, type: event.currentTarget.value })}
            >
              {TYPES.map(({ type, name }) => (
                <option key={type} value={type}>
                  {name}
                </option>
              ))}
            </select>
          </label>
        </form>
        <div class="events-tools">
          <button type="button" aria-pressed={held.value !== undefined} onClick={hold} title="Key: p">
            <Icon name={held.value === undefined ? "pause" : "play"} size={18} />
            {held.value === undefined ? "Pause" : "Go on"}
          </button>
          <button type="button" onClick={() => void copy()} disabled={events.value.length === 0}>
            <Icon name="copy" size={18} />
            <span>
              Copy<span class="wide"> as JSON lines</span>
            </span>
          </button>
        </div>
        <p class="hint events-state" role="status">
          {copied.value !== ""
            ? copied.value
            : held.value === undefined
              ? `The newest ${TAIL_MAX} since this page was opened; times are of arrival, in your zone.`
              : `Held still${missed > 0 ? `; ${plural(missed, "event")} came since` : ""}.`}
        </p>
      </header>
      <EventRows events={events.value} isFiltered={filter.value.node + filter.value.eid + filter.value.type !== ""} />
    </>
  );
}

/** Of a held list, how many events there had been: it is the tail of that time. */
const counts = new WeakMap<StoredEvent[], number>();
function countAt(held: StoredEvent[]): number {
  let count = counts.get(held);
  if (count === undefined) {
    count = tail.count;
    counts.set(held, count);
  }
  return count;
}

function EventRows({ events, isFiltered }: { events: StoredEvent[]; isFiltered: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  const seen = useSignal({ top: 0, height: 700 });
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
  const first = Math.max(0, Math.floor(seen.value.top / ROW_PIXELS) - SPARE);
  const last = Math.min(events.length, Math.ceil((seen.value.top + seen.value.height) / ROW_PIXELS) + SPARE);
  return (
    <div class="card event-box" ref={box} tabIndex={0} role="region" aria-label="Events, newest first">
      {events.length === 0 && (
        <p class="empty-line">
          {isFiltered
            ? "Nothing like this has come since this page was opened. Older events: the node's own page, or sapline log."
            : "Quiet. Events appear here as they are stored."}
        </p>
      )}
      <div style={{ height: `${first * ROW_PIXELS}px` }} />
      {events.slice(first, last).map((event) => (
        <div key={`${event.node}/${event.epoch}/${event.n}`} class={`event-row type-${kindOf(event)}`}>
          <time dateTime={isoOf(event.received)}>{formatTime(event.received)}</time>
          {event.node === "root" ? <b>root</b> : <a href={addressOf("node", event.node)}>{event.node}</a>}
          <span class="event-type">{event.type}</span>
          <span class="event-words">{eventWords(event)}</span>
        </div>
      ))}
      <div style={{ height: `${(events.length - last) * ROW_PIXELS}px` }} />
    </div>
  );
}

function isoOf(unixMillis: number): string {
  const date = new Date(unixMillis);
  return Number.isNaN(date.getTime()) ? "" : date.toISOString();
}

/** Whether it could be done: browsers refuse on plain http from another machine. */
export async function toClipboard(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const isDone = document.execCommand("copy");
    area.remove();
    return isDone;
  }
}
