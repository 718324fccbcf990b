/**
 * How a node does: what the root has seen of it, and what it says of itself by the entities `sapline.…` (see docs/console.md). What
 * nobody has said is not shown as zero.
 */
import { now } from "../clock.ts";
import { linkOf, type TreeNode } from "../store/model.ts";
import { formatAge, formatBytes, formatDuration, formatNumber, formatValue, plural } from "../words.ts";

const LINK_NAMES: { readonly [link: string]: string } = { "esp-now": "ESP-NOW", websocket: "WebSocket" };

export function NodeFigures({ node }: { node: TreeNode }) {
  const own = (name: string): unknown => node.entities.get(`sapline.${name}`)?.value;
  const rssi = own("rssi");
  const buffer = own("buffer");
  const resends = own("resends");
  const link = linkOf(node);
  return (
    <dl class="figures">
      <Figure name="Last heard" value={node.lastReceived === 0 ? "–" : formatAge(now.value - node.lastReceived)} />
      <Figure name="Rate" value={`${formatNumber(Math.round(node.rate * 10) / 10)}`} unit="events/s" />
      <Figure
        name="Delay"
        value={
          node.lagMillis === null
            ? "–"
            : node.lagMillis < 1000
              ? `${Math.round(node.lagMillis)} ms`
              : formatDuration(node.lagMillis)
        }
        hint="From the making of an event to its arrival at the root. A node gathers events for up to 2 s."
      />
      <Figure
        name="Gaps"
        value={node.given === 0 ? "none" : plural(node.given, "event")}
        isBad={node.given > 0}
        hint="Events that were given up, each counted and named in the log. Since the root started."
      />
      {link !== undefined && <Figure name="Link" value={LINK_NAMES[link] ?? formatValue(link)} />}
      {typeof rssi === "number" && (
        <Figure name="Signal" value={formatNumber(rssi)} unit="dBm" hint={signalWords(rssi)} isBad={rssi < -85} />
      )}
      {typeof buffer === "number" && (
        <Figure name="Buffer" value={formatBytes(buffer)} hint="Events that wait in the node for an acknowledgement." />
      )}
      {typeof resends === "number" && <Figure name="Sent again" value={formatNumber(resends)} />}
      <Figure
        name="Session"
        value={formatNumber(node.epoch)}
        hint="Grows when a node starts anew without its events."
      />
      <Figure name="Firmware" value={node.fw === "" ? "not said" : node.fw} isText />
    </dl>
  );
}

function Figure({
  name,
  value,
  unit,
  hint,
  isBad = false,
  isText = false,
}: {
  name: string;
  value: string;
  unit?: string;
  hint?: string;
  isBad?: boolean;
  isText?: boolean;
}) {
  return (
    <div class={`figure${isBad ? " is-bad" : ""}${isText ? " is-text" : ""}`} title={hint}>
      <dt>{name}</dt>
      <dd>
        {value}
        {unit !== undefined && <span class="unit"> {unit}</span>}
      </dd>
    </div>
  );
}

function signalWords(rssi: number): string {
  if (rssi >= -65) return "strong";
  if (rssi >= -75) return "good";
  return rssi >= -85 ? "weak" : "very weak: expect repeats";
}
