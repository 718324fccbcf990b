/**
 * What is sent in the bench: readings of about 100 bytes each, as a node makes them. Every peer gets the same ones.
 *
 * Each text is one frame's worth. There are several, so that nobody profits from seeing one value over and over.
 */

/** Different frames made for one sender; it sends them in turn. Chosen. */
export const VARIETY = 16;
/** Entities of one node. Chosen: what a board with a few sensors has. */
const ENTITIES = 10;
/** The time in the first event, milliseconds since 1970: any will do, and a fixed one makes every run send the same bytes. */
const FIRST_TS = 1_732_345_678_123;

/** Frames of `count` events each, every event on its own line and ended by a newline. */
export function eventTexts(count: number): string[] {
  return Array.from({ length: VARIETY }, (_, turn) => {
    let text = "";
    for (let i = 0; i < count; i++) text += `${JSON.stringify(reading(turn * count + i))}\n`;
    return text;
  });
}

/** The same, but for what a short line has no place for, with the names that the first `?ack` has to give. */
export function shortTexts(count: number): { texts: string[]; names: string } {
  const texts = Array.from({ length: VARIETY }, (_, turn) => {
    let text = "";
    let before = 0;
    for (let i = 0; i < count; i++) {
      const { value, ts } = reading(turn * count + i) as { value: number; ts: number };
      text += `[${((turn * count + i) % ENTITIES) + 1},${value},${ts - before}]\n`;
      before = ts;
    }
    return text;
  });
  const eids = Array.from({ length: ENTITIES }, (_, i) => (reading(i) as { eid: string }).eid);
  return { texts, names: `,"k":1,"eids":${JSON.stringify(eids)}` };
}

/** Bytes of an event on average, without its newline. */
export function eventBytes(): number {
  const texts = eventTexts(ENTITIES);
  return Math.round(texts.reduce((sum, text) => sum + text.length, 0) / (texts.length * ENTITIES) - 1);
}

/** An event as people publish it by MQTT: the topic names the entity, and the message is the rest of the reading. */
export interface Publication {
  entity: string;
  message: string;
}

/** The events of `eventTexts(1)` as publications. */
export function publications(): Publication[] {
  return Array.from({ length: VARIETY }, (_, turn) => {
    const { eid, value, ts, rssi } = reading(turn);
    return { entity: eid, message: JSON.stringify({ value, ts, rssi }) };
  });
}

interface Reading {
  type: string;
  eid: string;
  value: number;
  ts: number;
  rssi: number;
}

function reading(i: number): Reading {
  const entity = i % ENTITIES;
  return {
    type: "!update",
    eid: `greenhouse.bme280.temperature.${entity}`,
    value: Math.round((15 + ((i * 7919) % 1000) / 61) * 100) / 100,
    ts: FIRST_TS + i * 250,
    rssi: -40 - ((i * 31) % 50),
  };
}
