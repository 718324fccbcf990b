/** What the package says of itself: its types are those of what it exports, and the files that users' programs are built from are in it. */
import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type * as Said from "../types/sapline.d.ts";
import type { SaplineNode } from "../types/node.d.ts";
import type { NodeProgram } from "#firmware/node-program.ts";
import * as host from "#host/index.ts";
import type { NodeSettings } from "#host/project.ts";

/** Compiles only if either can stand for the other. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;
const SAME: [
  Same<Said.BridgeOptions, host.BridgeOptions>,
  Same<Said.BridgeEvent, host.BridgeEvent>,
  Same<Said.Arrival, host.Arrival>,
  Same<Said.ActOutcome, host.ActOutcome>,
  Same<Said.StoredEvent, host.StoredEvent>,
] = [true, true, true, true, true];

/** What is used of a bridge, whichever type it has. */
export const asSaid = (bridge: host.Bridge): Said.Bridge => bridge;
/** A program's node is what its users are told. */
export const asNode = (program: NodeProgram): SaplineNode => program;
/** What a checked configuration says of a node is of the type that people write. */
export const asWritten = (settings: NodeSettings): object extends Said.NodeConfiguration ? NodeSettings : never =>
  settings;

test("the types that are shipped are those of the sources", () => {
  expect(SAME.every(Boolean)).toBe(true);
});

test("what is exported is what the types name", () => {
  const text = readFileSync("types/sapline.d.ts", "utf8");
  const values = [...text.matchAll(/^export declare class (\w+)/gm)].map((match) => match[1] as string);
  expect([...values, "node"].toSorted()).toEqual(Object.keys(host).toSorted());
});

test("a program of the chip that is run by Node.js is told what to do", () => {
  expect(() => host.node()).toThrow(/sapline dev/);
});

test("the package has what it promises", () => {
  const { files, exports, bin } = JSON.parse(readFileSync("package.json", "utf8")) as {
    files: string[];
    exports: { [path: string]: { [kind: string]: string } };
    bin: { [name: string]: string };
  };
  expect(files).toEqual(expect.arrayContaining(["dist", "shared", "firmware", "types"]));
  const named = [...Object.values(exports).flatMap((one) => Object.values(one)), ...Object.values(bin)];
  expect(named.filter((path) => !path.startsWith("./dist/") && !path.startsWith("dist/") && !existsSync(path))).toEqual(
    [],
  );
});
