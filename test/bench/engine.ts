/**
 * On the real Espruino interpreter: the firmware's node against Espruino's own MQTT module, both on the same engine.
 *
 * Runs only where ESPRUINO names the engine's binary. The MQTT module is not ours and is not in this repository: MQTT_MODULE
 * names its file.
 */

export interface EngineReport {
  /** For people. */
  lines: string[];
  /** For programs. */
  result: object | undefined;
}

export async function engineBench(say: (line: string) => void): Promise<EngineReport> {
  const engine = process.env["ESPRUINO"];
  if (engine === undefined) return { lines: ["On the engine: not measured, ESPRUINO is not set."], result: undefined };
  say("engine: not there yet");
  return { lines: ["On the engine: not measured yet."], result: undefined };
}
