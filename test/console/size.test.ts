/** What a browser has to load, which needs no browser to be weighed. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";

/** Bytes of the script, packed. Chosen: a second on a poor connection. */
const SCRIPT_BYTES_MAX = 120_000;

test("the console's script is under 120 kB packed, and names no other place to load from", () => {
  const script = readFileSync("dist/console/console.js");
  expect(gzipSync(script).length).toBeLessThan(SCRIPT_BYTES_MAX);
  const rest = ["console.css", "index.html", "icon.svg"].map((name) => readFileSync(`dist/console/${name}`, "utf8"));
  const hosts = [script.toString(), ...rest].flatMap((text) => text.match(/https?:\/\/[\w.-]+/g) ?? []);
  // Names of what SVG and XML are, which nobody loads; and addresses in sentences.
  expect([...new Set(hosts)].filter((host) => !/www\.w3\.org|localhost/.test(host))).toEqual([]);
});
