/** What happened to a node: comings and goings, gaps in words, and what it wrote to its log. From the root's log, newest first. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { ask } from "../api.ts";
import { model, movedShown } from "../store/live.ts";
import { eventWords, formatTime, type StoredEvent } from "../words.ts";

const LINES_SHOWN = 40;
/** Of the root's own events so many are looked through for this node's. */
const ROOT_EVENTS = 2000;

export function NodeStory({ id }: { id: string }) {
  const lines = useSignal<StoredEvent[] | undefined>(undefined);
  const trouble = useSignal("");
  // Read again when somebody comes or goes, or the node gives something up; not with every value.
  const moved = movedShown.value;
  const given = model.nodes.get(id)?.given ?? 0;
  useEffect(() => {
    let isGone = false;
    const load = async (): Promise<void> => {
      const log = (query: string): Promise<{ events: StoredEvent[] }> => ask("GET", `/api/log?${query}`);
      const name = encodeURIComponent(id);
      try {
        const [gaps, notes, answers, root] = await Promise.all([
          log(`node=${name}&type=!gap&limit=${LINES_SHOWN}`),
          log(`node=${name}&type=!log&limit=${LINES_SHOWN}`),
          log(`node=${name}&type=!act&limit=${LINES_SHOWN}`),
          log(`node=root&limit=${ROOT_EVENTS}`),
        ]);
        const own = root.events.filter(({ more }) => more?.["id"] === id || more?.["dst"] === id);
        const all = [...gaps.events, ...notes.events, ...answers.events, ...own].sort(
          (a, b) => b.received - a.received,
        );
        if (!isGone) lines.value = all.slice(0, LINES_SHOWN);
      } catch (error) {
        if (!isGone) trouble.value = (error as Error).message;
      }
    };
    const timer = setTimeout(() => void load(), 300);
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [id, moved, given]);
  return (
    <section class="story" aria-labelledby="story-title">
      <h2 id="story-title">What happened</h2>
      <p class="trouble" role="alert">
        {trouble.value}
      </p>
      {lines.value?.length === 0 && <p class="hint">Nothing yet: no coming or going, no gap, no log line.</p>}
      <ol class="story-lines">
        {lines.value?.map((event) => (
          <li key={`${event.node}/${event.epoch}/${event.n}`} class={`story-line type-${kindOf(event)}`}>
            <time dateTime={new Date(event.received).toISOString()}>{formatTime(event.received)}</time>
            <span>{eventWords(event)}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

export function kindOf({ type }: StoredEvent): string {
  if (type === "!gap" || type === "!conflict") return "bad";
  if (type === "!left") return "away";
  return type === "!joined" ? "up" : "other";
}
