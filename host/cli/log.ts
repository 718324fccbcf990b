/** `sapline log` and `sapline log rebuild`: they read the log's file, so they need no running root. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { StoredEvent } from "../log/event.ts";
import { findEvents, LogReader, type EventQuery } from "../log/reader.ts";
import { rebuildProjections } from "../log/rebuild.ts";
import { logFile } from "../log/schema.ts";
import { explain } from "../log/trouble.ts";
import { MOMENT_FORMS, parseMoment } from "../moment.ts";
import type { Settings } from "../settings.ts";
import { Trouble } from "../trouble.ts";
import { dim, formatMoment, print } from "./output.ts";

/** `--follow` looks this often. Chosen: people do not notice, and an idle log costs nothing. */
const FOLLOW_EVERY_MILLIS = 200;
/** Characters gathered before they are written. */
const CHUNK_CHARS = 65_536;

export async function printLog(settings: Settings, flags: { readonly [name: string]: unknown }): Promise<void> {
  const file = existingLog(settings);
  const format = flags["json"] === true ? formatJson : formatText;
  const limit = limitOf(flags["limit"]);
  const isNewestFirst = flags["newestFirst"] === true;
  const query: EventQuery = {
    node: flags["node"] as string | undefined,
    eid: flags["entity"] as string | undefined,
    from: momentOf(flags["from"], "--from"),
    to: momentOf(flags["to"], "--to"),
  };
  const onDamaged = (message: string): void => {
    process.exitCode = 1;
    process.stderr.write(`sapline: ${message}\n`);
  };
  try {
    const reader = new LogReader(file);
    // What is stored while we print belongs to the next round, not to both.
    let seen = reader.lastRow();
    query.upToRow = seen;
    if (limit === undefined) await printEvents(reader.events({ ...query, isNewestFirst }, onDamaged), format);
    else {
      const { events } = findEvents(reader, query, limit, onDamaged);
      await printEvents(isNewestFirst ? events.reverse() : events, format);
    }
    if (flags["follow"] !== true) return reader.close();
    process.once("SIGINT", () => process.exit(0));
    for (;;) {
      await delay(FOLLOW_EVERY_MILLIS);
      const last = reader.lastRow();
      if (last === seen) continue;
      await printEvents(reader.events({ ...query, afterRow: seen, upToRow: last }, onDamaged), format);
      seen = last;
    }
  } catch (error) {
    throw new Trouble(explain(error, "read events", file));
  }
}

export async function rebuild(settings: Settings): Promise<void> {
  const directory = resolve(settings.data);
  existingLog(settings);
  try {
    const { groups, events, damaged, image, changes } = rebuildProjections(directory);
    for (const message of damaged) process.stderr.write(`sapline: ${message}\n`);
    if (damaged.length > 0) process.exitCode = 1;
    const { epochs, values, desired, nodes } = image;
    await print(
      `read ${events} events in ${groups} rows${damaged.length > 0 ? `, passed over ${damaged.length} damaged rows` : ""}; ` +
        `wrote ${nodes.length} nodes, ${epochs.length} epochs, ${values.length} values, ${desired.length} desired values; ` +
        `${changes === 0 ? "all were right before" : `${changes} rows were wrong before`}\n`,
    );
  } catch (error) {
    throw new Trouble(explain(error, "rebuild", logFile(directory)));
  }
}

async function printEvents(events: Iterable<StoredEvent>, format: (event: StoredEvent) => string): Promise<void> {
  let text = "";
  for (const event of events) {
    text += format(event);
    if (text.length < CHUNK_CHARS) continue;
    await print(text);
    text = "";
  }
  if (text !== "") await print(text);
}

function formatJson(event: StoredEvent): string {
  return `${JSON.stringify(event)}\n`;
}

function formatText({ node, epoch, n, type, eid, value, ts, more }: StoredEvent): string {
  const said = eid === null ? "" : ` ${eid}`;
  const shown = value === null && eid === null ? "" : ` ${JSON.stringify(value)}`;
  return `${formatMoment(ts)}  ${node} ${dim(`${epoch}/${n}`)}  ${type}${said}${shown}${more === undefined ? "" : ` ${JSON.stringify(more)}`}\n`;
}

function existingLog(settings: Settings): string {
  const file = logFile(resolve(settings.data));
  if (!existsSync(file))
    throw new Trouble(`there is no log in ${settings.data}: start the root once, or name its directory by --data`);
  return file;
}

function momentOf(flag: unknown, name: string): number | undefined {
  if (flag === undefined) return undefined;
  const moment = parseMoment(String(flag), Date.now());
  if (moment === undefined) throw new Trouble(`${name} is not a time: use ${MOMENT_FORMS}`);
  return moment;
}

function limitOf(flag: unknown): number | undefined {
  if (flag === undefined) return undefined;
  if (!/^\d{1,9}$/.test(String(flag)) || Number(flag) < 1)
    throw new Trouble("--limit must be a whole number from 1 on");
  return Number(flag);
}
