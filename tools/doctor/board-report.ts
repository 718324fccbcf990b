/**
 * Asks a board what the doctor wants to know, beside the program that runs on it: nothing is stopped, reset or written. (What waits in the console's
 * input line is cleared.)
 */
import type { BoardConsole } from "#host/board/board-console.ts";
import { boardFacts, type BoardFacts } from "#host/board/board-facts.ts";
import { readConfiguration } from "#host/board/install.ts";

/** A connection that was not made by then is not, in milliseconds. Chosen: on an ESP32 the attempt itself blocks, for up to 20 s. */
const CONNECT_WITHIN_MILLIS = 25_000;
const CONNECT_STEP_MILLIS = 500;

export interface BoardReport {
  facts: BoardFacts;
  /** Seconds since 1970, or since the start if nobody has set the clock. */
  time: number;
  /** What Espruino complains of; read, not cleared. */
  errorFlags: readonly string[];
  /** "" if the build has no Wi-Fi; its state, such as "connected". */
  station: string;
  ssid: string;
  /** 0 if unknown. */
  channel: number;
  rssi: number;
  /** How much Wi-Fi sleeps between beacons, as Espruino calls it; "" if unknown. */
  powersave: string;
  /** The build has Bluetooth, and it is not turned off. */
  hasBluetooth: boolean;
  hasEspNow: boolean;
  /** Datagrams by radio can be encrypted. */
  hasSeal: boolean;
  /** Length and last byte of each slot; [0, 0] if there is none. */
  slots: { a: readonly [number, number]; b: readonly [number, number] };
  /** `sapline.slot`; undefined if there is none. */
  state: { [key: string]: unknown } | undefined;
  loaderBytes: number;
  loaderSum: number;
  configuration: { [key: string]: unknown } | undefined;
}

/** Rejects with `Trouble`. */
export async function askBoard(board: BoardConsole): Promise<BoardReport> {
  const facts = await boardFacts(board);
  const [time, flags] = (await board.ask("[getTime(),E.getErrorFlags?E.getErrorFlags():[]]")) as [number, string[]];
  const [station, ssid, channel, rssi, powersave] = (await board.ask(
    '(function(){try{var W=require("Wifi"),s=W.getStatus(),d=W.getDetails?W.getDetails():{};return[s.station||"?",s.ssid||d.ssid||"",Number(s.channel||d.channel||0),Number(s.rssi||d.rssi||0),s.powersave||""]}catch(e){return["","",0,0,""]}})()',
  )) as [string, string, number, number, string];
  const hasBluetooth = (await board.ask(
    '(function(){return typeof NRF!="undefined"&&typeof ESP32!="undefined"&&!!ESP32.getState().BLE})()',
  )) as boolean;
  const [hasEspNow, hasOwnSeal, hasCcm] = (await board.ask(
    '(function(n,c){try{n=require("ESPNOW")}catch(e){}try{c=require("crypto").AES}catch(e){}return[!!n,!!(n&&n.seal),!!(c&&c.ccmEncrypt)]})()',
  )) as [boolean, boolean, boolean];
  const [a, b, loader, state] = (await board.ask(
    '(function(S){function f(n){n=S.read(n);return n===undefined?[0,0]:[n.length,n.charCodeAt(n.length-1)]}var l=S.read(".bootcde");return[f("sapline.a"),f("sapline.b"),l?[l.length,E.CRC32(l)]:[0,0],S.read("sapline.slot")||""]})(require("Storage"))',
  )) as [[number, number], [number, number], [number, number], string];
  return {
    facts,
    time,
    errorFlags: flags,
    station,
    ssid,
    channel,
    rssi,
    powersave,
    hasBluetooth,
    hasEspNow,
    hasSeal: hasOwnSeal || hasCcm,
    slots: { a, b },
    state: jsonObject(state),
    loaderBytes: loader[0],
    loaderSum: loader[1],
    configuration: await readConfiguration(board),
  };
}

/** Whether the board itself gets a connection to there; why not, or "". */
export async function reaches(board: BoardConsole, host: string, port: number): Promise<string> {
  const where = JSON.stringify({ host, port });
  await board.ask(
    `(function(){$c="";try{var s=require("net").connect(${where},function(){$c="open";s.end()});s.on("error",function(e){$c=$c||(e&&e.message)||"refused"})}catch(e){$c=""+(e.message||e)}return 1})()`,
    CONNECT_WITHIN_MILLIS,
  );
  for (let waited = 0; waited < CONNECT_WITHIN_MILLIS; waited += CONNECT_STEP_MILLIS) {
    const outcome = String(await board.ask('$c||""', CONNECT_WITHIN_MILLIS));
    if (outcome !== "") return outcome === "open" ? "" : outcome;
    await new Promise((resolve) => setTimeout(resolve, CONNECT_STEP_MILLIS));
  }
  return "no answer";
}

function jsonObject(text: string): { [key: string]: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
