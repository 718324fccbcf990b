/**
 * On the real Espruino interpreter: the firmware's node against Espruino's own MQTT module at QoS 1, one event a message, both on
 * the same engine, in turn. Both make the same events and keep a window full; what counts is what was acknowledged.
 *
 * Runs only where ESPRUINO names the engine's binary. The MQTT module is not ours and is not in this repository: MQTT_MODULE
 * names its file (modules/MQTT.js of the EspruinoDocs repository).
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Engine, ESPRUINO, firmware } from "../engine/espruino.ts";
import { median } from "./report.ts";
import { mosquittoPath, type Peer, startMosquitto, startSapline } from "./servers.ts";

/** Messages that the MQTT program has in flight: about as many as the node's window of 4 KiB holds. */
const MESSAGES_IN_FLIGHT = 40;
/** What the node has to reach: its events per second divided by the MQTT module's. */
const TARGET = 3;
/** Figures that are printed while the program gets going, and those that are measured: two a second. */
const WARM_UP_LINES = 4;

export interface EngineReport {
  /** For people. */
  lines: string[];
  /** For programs. */
  result:
    | { saplinePerSecond: number; mqttPerSecond: number; ratio: number; target: number; isMet: boolean }
    | undefined;
}

export interface EnginePlan {
  rounds: number;
  /** Half seconds measured in each round. */
  halfSeconds: number;
  directory: string;
}

export async function engineBench(plan: EnginePlan, say: (line: string) => void): Promise<EngineReport> {
  const missing = whatIsMissing();
  if (missing !== undefined) return { lines: [`On the engine: not measured, ${missing}.`], result: undefined };
  const directory = mkdtempSync(join(plan.directory, "sapline-bench-engine-"));
  const peers: Peer[] = [];
  try {
    const root = await startSapline(directory, 1);
    peers.push(root);
    const broker = await startMosquitto(mosquittoPath() as string, directory, { isRetained: false, isSaved: false });
    peers.push(broker);
    const node = await firmware("test/bench/engine-node.ts");
    const configuration = {
      id: root.nodes?.[0]?.id,
      token: root.nodes?.[0]?.token,
      parent: { host: "127.0.0.1", port: root.port },
    };
    const saplines: number[] = [];
    const mqtts: number[] = [];
    for (let round = 0; round < plan.rounds; round++) {
      saplines.push(await rate(node, { "sapline.json": JSON.stringify(configuration) }, plan.halfSeconds));
      mqtts.push(await rate(mqttProgram(broker.port), {}, plan.halfSeconds));
      say(
        `engine ${round + 1}/${plan.rounds}: node ${saplines.at(-1)?.toFixed(0)}, MQTT ${mqtts.at(-1)?.toFixed(0)} events/s`,
      );
    }
    return report(saplines, mqtts);
  } finally {
    await Promise.all(peers.map((peer) => peer.stop()));
    rmSync(directory, { recursive: true, force: true });
  }
}

function whatIsMissing(): string | undefined {
  if (ESPRUINO === "") return "ESPRUINO does not name an espruino binary";
  if (process.env["MQTT_MODULE"] === undefined) return "MQTT_MODULE does not name EspruinoDocs' modules/MQTT.js";
  if (mosquittoPath() === undefined) return "mosquitto is not installed";
  return undefined;
}

function report(saplines: number[], mqtts: number[]): EngineReport {
  const ratio = median(saplines.map((sapline, round) => sapline / (mqtts[round] as number)));
  const result = {
    saplinePerSecond: median(saplines),
    mqttPerSecond: median(mqtts),
    ratio,
    target: TARGET,
    isMet: ratio >= TARGET,
  };
  const perSecond = (n: number): string => `${(n / 1000).toFixed(1)} k events/s`;
  return {
    lines: [
      `On the engine: Sapline's node, stored by the root ${perSecond(result.saplinePerSecond)}; Espruino's MQTT module, QoS 1, one event a message ${perSecond(result.mqttPerSecond)}.`,
      `Ratio ${ratio.toFixed(2)} (${TARGET} ${result.isMet ? "met" : "MISSED"}), median of ${saplines.length} rounds.`,
    ],
    result,
  };
}

/** Events per second, from what the program prints: `acked N` twice a second. */
async function rate(program: string, files: { [name: string]: string }, halfSeconds: number): Promise<number> {
  const engine = new Engine(program, files);
  try {
    const first = await acked(engine, WARM_UP_LINES);
    const startedAt = performance.now();
    const last = await acked(engine, WARM_UP_LINES + halfSeconds);
    const faults = engine.faults();
    if (faults.length > 0) throw new Error(`the engine says: ${faults.join("; ")}`);
    if (last === first)
      throw new Error(`nothing was acknowledged on the engine:\n${engine.lines.slice(-5).join("\n")}`);
    return ((last - first) * 1000) / (performance.now() - startedAt);
  } finally {
    await engine.stop();
  }
}

/** The figure of the `index`th line that is above zero. */
async function acked(engine: Engine, index: number): Promise<number> {
  const giveUpAt = performance.now() + 30_000;
  for (;;) {
    const figures = engine.lines.filter((line) => /^acked [1-9]/.test(line));
    const figure = figures[index];
    if (figure !== undefined) return Number(figure.slice(6));
    if (performance.now() > giveUpAt)
      throw new Error(`the engine printed too little:\n${engine.lines.slice(-5).join("\n")}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** The same events, each published at QoS 1 through the module, the next one when one was acknowledged. */
function mqttProgram(port: number): string {
  const source = readFileSync(process.env["MQTT_MODULE"] as string, "latin1");
  return `Modules.addCached("MQTT", ${JSON.stringify(source)});
var made = 0, acked = 0, heads = [];
for (var i = 0; i < 10; i++) heads.push('{"type":"!update","eid":"greenhouse.bme280.temperature.' + i + '","value":');
var mqtt = require("MQTT").create("127.0.0.1", { port: ${port}, client_id: "engine" });
function publish() {
  var line = heads[made % 10] + (made % 1000) / 8 + ',"ts":' + Math.floor(Date.now()) + "}";
  made++;
  mqtt.publish("bench/engine", line, { qos: 1 });
}
mqtt.on("puback", function () { acked++; publish(); });
mqtt.on("connected", function () { for (var i = 0; i < ${MESSAGES_IN_FLIGHT}; i++) publish(); });
setInterval(function () { console.log("acked " + acked); }, 500);
mqtt.connect();
`;
}
