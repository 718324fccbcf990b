/** For the engine: checks the signature in its Storage as firmware/updates.ts does, a step in each turn, and says what that took. */
import { SignatureCheck } from "#shared/update/signature.ts";

declare const E: { toString(bytes: ArrayBuffer): string };
declare const process: { memory(isCollected: boolean): { usage: number } };
declare function require(name: "crypto"): { SHA256(bytes: string): ArrayBuffer };
declare function require(name: "Storage"): { read(name: string): string | undefined };
declare function getTime(): number;

const sha256 = (bytes: string): string => E.toString(require("crypto").SHA256(bytes));

const file = (name: string): string => atob(require("Storage").read(name) || "");
const before = process.memory(true).usage;
const check = new SignatureCheck(file("key"), file("signature"), file("message"), sha256);
let longest = 0;
let all = 0;
let variables = 0;
const turn = (): void => {
  const startedAt = getTime();
  const isGood = check.step();
  const took = (getTime() - startedAt) * 1000;
  all += took;
  if (took > longest) longest = took;
  const used = process.memory(true).usage - before;
  if (used > variables) variables = used;
  if (isGood === undefined) setTimeout(turn, 0);
  else console.log("checked " + isGood + " " + Math.round(all) + " " + Math.round(longest * 10) / 10 + " " + variables);
};
turn();
