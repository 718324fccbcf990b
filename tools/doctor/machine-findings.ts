/** What can be found without a board: this machine's ports and who may open them, and the root. */
import { resolve } from "node:path";
import { checkDevice } from "#host/radio/serial-device.ts";
import type { Settings } from "#host/settings.ts";
import { TokenFile } from "#host/tokens.ts";
import { boardPorts, type FoundPort } from "../flash/ports.ts";
import type { NodeSeen } from "../flash/root-client.ts";
import { type Finding, fault, faultOf, ok, warning } from "./finding.ts";

const PACKAGE: string = "serialport";

/** `isNamed`: somebody has said where the board is. */
export async function serialFindings(isNamed: boolean): Promise<Finding[]> {
  const findings: Finding[] = [];
  try {
    await import(PACKAGE);
  } catch {
    findings.push(
      warning(
        "serial",
        "the package serialport is not installed here; boards can be reached over TCP only",
        "npm install serialport",
      ),
    );
  }
  const ports = await boardPorts();
  if (ports.length === 0 && !isNamed)
    findings.push(
      warning(
        "serial",
        "no board is plugged in",
        "connect one by a USB cable that carries data (some only charge); a board elsewhere is named by --port or --tcp",
      ),
    );
  return [...findings, ...ports.map(portFinding)];
}

function portFinding({ path, name }: FoundPort): Finding {
  const shown = name === "" ? path : `${path} (${name})`;
  try {
    checkDevice(path, "board");
    return ok("serial", `${shown}: this user may open it`);
  } catch (error) {
    return faultOf("serial", (error as Error).message);
  }
}

export interface RootState {
  address: string;
  /** "away" if no root answers; undefined if it does, and does not know the node. */
  seen: NodeSeen | undefined | "away";
}

/** `id` is the node that is looked for, "" if nobody said one. */
export function rootFindings(settings: Settings, { address, seen }: RootState, id: string): Finding[] {
  if (seen === "away")
    return [
      fault(
        "root",
        `no root answers at ${address}`,
        "start it by sapline root, or name its address by --url (and --api-token)",
      ),
    ];
  const findings = [ok("root", `answers at ${address}`)];
  if (settings.url === undefined && /^(127\.|localhost$|::1$)/.test(settings.host))
    findings.push(
      warning(
        "root",
        "it is reached from this machine; as configured here it listens to no other, so no board can connect",
        'sapline root --host 0.0.0.0, or host: "0.0.0.0" in the configuration',
      ),
    );
  if (id === "") return findings;
  findings.push(nodeFinding(seen, id));
  if (settings.url === undefined && !hasToken(settings, id))
    findings.push(
      fault("token", `the root has no token for ${id}`, `sapline flash ${id} makes one and brings it to the board`),
    );
  return findings;
}

function nodeFinding(seen: NodeSeen | undefined, id: string): Finding {
  if (seen === undefined)
    return warning(
      "node",
      `${id} has never joined this root`,
      `sapline flash ${id}; what it prints then: sapline monitor ${id}`,
    );
  return seen.up
    ? ok("node", `${id} is up, in session ${seen.epoch}`)
    : warning(
        "node",
        `${id} is away; it was here in session ${seen.epoch}`,
        `see what it prints: sapline monitor ${id}`,
      );
}

function hasToken(settings: Settings, id: string): boolean {
  const tokens = new TokenFile(resolve(settings.data));
  tokens.refresh();
  return tokens.list().some((one) => one.id === id);
}
