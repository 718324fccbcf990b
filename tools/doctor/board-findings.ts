/** What a board's answers mean. Decides; asks nothing. */
import { wrongBoard } from "#host/board/board-facts.ts";
import type { BoardReport } from "./board-report.ts";
import { fault, faultOf, type Finding, ok, warning } from "./finding.ts";

/** The oldest Espruino 2 that Sapline was tried on. */
const VERSION_MIN = 29;
/** Of the variables, this share shall be free while a program runs; with less it will fail sooner or later. Chosen: the budget of docs. */
const FREE_SHARE = 0.25;
const FREE_SHARE_MIN = 0.08;
/** Storage that an update needs: a second program, in bytes. Chosen: the largest one there is, and some. */
const STORAGE_MIN = 65_536;
/** A clock that is further off is wrong, in seconds. Chosen. */
const CLOCK_OFF_MAX = 30;
/** An earlier time is no time that somebody has set, in seconds since 1970: it is 2020. */
const CLOCK_SET_FROM = 1_577_836_800;
/** A link that is weaker breaks, in dBm. Chosen. */
const RSSI_WEAK = -80;
const SLOT_UNFINISHED = 255;

const STATIONS: { readonly [state: string]: string } = {
  off: "the program has not turned it on: is there wifi in sapline.json, and a program that starts?",
  connecting: "wait a moment and look again; if it stays so, look at name and password of the network",
  wrong_password: "SAPLINE_WIFI_PASSWORD=… sapline flash NODE --wifi NETWORK",
  bad_password: "SAPLINE_WIFI_PASSWORD=… sapline flash NODE --wifi NETWORK",
  no_ap_found: "is the name right, and is it a network of 2.4 GHz? ESP32 boards have no 5 GHz",
};

/** `now` in milliseconds since 1970; `loaderSum` the checksum of this program's loader, 0 if it was not built. */
export function boardFindings(report: BoardReport, now: number, loaderSum: number): Finding[] {
  return [
    ...espruinoFindings(report),
    ...memoryFindings(report),
    ...programFindings(report, loaderSum),
    ...configurationFindings(report),
    ...wifiFindings(report),
    ...radioFindings(report),
    clockFinding(report, now),
  ];
}

function espruinoFindings({ facts, errorFlags }: BoardReport): Finding[] {
  const wrong = wrongBoard(facts);
  const findings = [wrong === "" ? ok("board", `${facts.board}, Espruino ${facts.version}`) : faultOf("board", wrong)];
  const minor = Number(/^2v(\d+)/.exec(facts.version)?.[1] ?? 0);
  if (wrong === "" && minor < VERSION_MIN)
    findings.push(
      warning(
        "board",
        `Espruino ${facts.version} is older than what was tried`,
        `sapline firmware with 2v${VERSION_MIN} or newer`,
      ),
    );
  const serious = errorFlags.filter((flag) => flag !== "FIFO_FULL");
  if (serious.length > 0)
    findings.push(
      warning(
        "errors",
        `Espruino has seen ${serious.join(", ")} since it started`,
        "sapline monitor shows when; docs/alive.md what it means",
      ),
    );
  return findings;
}

function memoryFindings({ facts: { variables, storage } }: BoardReport): Finding[] {
  const share = variables.free / variables.total;
  const text = `${variables.free} of ${variables.total} free (${Math.round(100 * share)} %)`;
  const remedy =
    "a smaller program or a smaller outbox (limits.outboxBytes in sapline.json), fewer children, or a board with more memory";
  const free = storage.free + storage.trash;
  return [
    share < FREE_SHARE_MIN
      ? fault("variables", text, remedy)
      : share < FREE_SHARE
        ? warning("variables", text, remedy)
        : ok("variables", text),
    free < STORAGE_MIN
      ? warning(
          "Storage",
          `${free} bytes free: too little for a second program`,
          "erase what is not needed: docs/flash.md",
        )
      : ok("Storage", `${free} of ${storage.total} bytes free`),
  ];
}

function programFindings(report: BoardReport, loaderSum: number): Finding[] {
  const { facts, slots, state, loaderBytes } = report;
  const slot = state?.["slot"] === "b" ? "b" : "a";
  const isThere = ([length, last]: readonly [number, number]): boolean => length > 0 && last !== SLOT_UNFINISHED;
  const findings: Finding[] = [];
  if (!isThere(slots.a) && !isThere(slots.b))
    findings.push(fault("program", "there is none on this board", "sapline flash NODE"));
  else if (!isThere(slots[slot]))
    findings.push(
      warning(
        "program",
        `slot ${slot} is to run, and has none that is whole; the other one runs`,
        "sapline flash NODE goes on where it was cut",
      ),
    );
  else findings.push(ok("program", `slot ${slot}, ${slots[slot][0]} bytes`));
  if (loaderBytes === 0)
    findings.push(fault("loader", "nothing starts the program: .bootcde is missing", "sapline flash NODE"));
  else if (loaderSum !== 0 && report.loaderSum !== loaderSum)
    findings.push(
      warning(
        "loader",
        ".bootcde is not the loader of this version",
        "sapline flash NODE; unless you put it there yourself",
      ),
    );
  const others = facts.files.filter((file) => /^\.boot(rst|\d|PowerOn)/.test(file));
  if (others.length > 0)
    findings.push(
      warning(
        "loader",
        `${others.join(", ")} run at the start too, or in the loader's place`,
        `on the board's console: ${others.map((file) => `require("Storage").erase("${file}")`).join("; ")}`,
      ),
    );
  if (Number(state?.["trial"]) > 0)
    findings.push(
      warning(
        "program",
        "it is on trial: it has not reported from the root yet",
        "wait a minute; then it is good, or the other one runs",
      ),
    );
  if (Number(state?.["crashes"]) > 0)
    findings.push(
      warning(
        "program",
        `it has failed ${Number(state?.["crashes"])} times since it was last with the root`,
        "sapline monitor shows why",
      ),
    );
  if (typeof state?.["fell"] === "string" && state["fell"] !== "")
    findings.push(
      warning(
        "program",
        `the board went back to this one: ${state["fell"]}`,
        "mend the other one, and flash or update again",
      ),
    );
  return findings;
}

function configurationFindings({ configuration }: BoardReport): Finding[] {
  if (configuration === undefined)
    return [
      fault(
        "settings",
        "sapline.json is missing or damaged: the program does not start",
        "sapline flash NODE --parent … --wifi …",
      ),
    ];
  const { id, token } = configuration;
  if (typeof id !== "string") return [fault("settings", "sapline.json names no id", "sapline flash NODE --parent …")];
  const findings = [ok("settings", `this is ${id}`)];
  if (typeof token !== "string" || token === "")
    findings.push(warning("settings", "it has no token, and the root takes nobody without", `sapline flash ${id}`));
  return findings;
}

function wifiFindings({ configuration, station, ssid, channel, rssi }: BoardReport): Finding[] {
  const isWanted = configuration?.["wifi"] !== undefined;
  if (station === "")
    return isWanted
      ? [fault("Wi-Fi", "this build of Espruino has none", "put another build on it: sapline firmware")]
      : [];
  if (station === "connected") {
    const strength = rssi === 0 ? "" : `, ${rssi} dBm`;
    const text = `connected to ${ssid}${channel === 0 ? "" : `, channel ${channel}`}${strength}`;
    return [rssi < RSSI_WEAK ? warning("Wi-Fi", text, "weak: nearer to the router, or an antenna") : ok("Wi-Fi", text)];
  }
  if (!isWanted) return [ok("Wi-Fi", `not used (${station})`)];
  return [
    fault(
      "Wi-Fi",
      `not connected: ${station}`,
      STATIONS[station] ?? "look at name and password of the network, and how far the router is",
    ),
  ];
}

function radioFindings(report: BoardReport): Finding[] {
  const { configuration, hasEspNow, hasSeal, hasBluetooth, channel, station, powersave } = report;
  const radio = configuration?.["radio"] as { channel?: unknown; open?: unknown } | undefined;
  if (radio === undefined)
    return [
      ok("radio", hasEspNow ? "this build has ESP-NOW; the node does not use it" : "not used, and not in this build"),
    ];
  if (!hasEspNow)
    return [
      fault(
        "radio",
        "sapline.json wants it, and this build of Espruino has no ESP-NOW",
        "build one: docs/espnow-build.md",
      ),
    ];
  if (!hasSeal && radio.open !== true)
    return [
      fault(
        "radio",
        "this build cannot encrypt datagrams",
        "build it with USE_AES_CCM (docs/espnow-build.md), or set radio.open on every node",
      ),
    ];
  if (hasBluetooth)
    return [
      warning(
        "radio",
        "Bluetooth is on: it takes its share of the radio, and Wi-Fi has to save power beside it",
        "ESP32.enableBLE(false) in the console, and restart; or a build without it (docs/espnow-build.md)",
      ),
    ];
  if (station === "connected" && powersave !== "none" && powersave !== "")
    return [
      warning(
        "radio",
        `Wi-Fi saves power (${powersave}): between the router's beacons this board hears none of its neighbours`,
        'wifi: { …, powersave: "none" } in the configuration, and sapline flash NODE',
      ),
    ];
  const own = radio.channel === undefined ? 1 : Number(radio.channel);
  return [
    ok(
      "radio",
      station === "connected" && channel !== 0
        ? `ESP-NOW on channel ${channel}, which Wi-Fi dictates; children and dongle have to be there`
        : `ESP-NOW; it looks for a parent from channel ${own} on`,
    ),
  ];
}

function clockFinding({ time }: BoardReport, now: number): Finding {
  if (time < CLOCK_SET_FROM) return ok("clock", "not set; the node takes the root's time when it joins");
  const off = Math.round(time - now / 1000);
  return Math.abs(off) > CLOCK_OFF_MAX
    ? warning(
        "clock",
        `${Math.abs(off)} s ${off > 0 ? "ahead of" : "behind"} this machine`,
        "something on the board sets it wrong; events are stamped by the root's time all the same",
      )
    : ok("clock", "as this machine's");
}
