/** What `import … from "sapline"` gives to programs on a PC. */
export type { ActOutcome } from "#shared/effect.ts";
export type { Arrival } from "./arrivals.ts";
export { Bridge, type BridgeEvent, type BridgeOptions } from "./bridge.ts";
export type { StoredEvent } from "./log/event.ts";
export { node } from "./chip-node.ts";
export type { Configuration } from "../types/sapline.d.ts";
export { Trouble } from "./trouble.ts";
