/** The world of JavaScript in which a program runs: one of its own for each start. */
import { type Context, createContext, runInContext, Script } from "node:vm";
import { VIRTUAL_TEXT } from "./engine-prelude.ts";
import type { Outside } from "./outside.ts";

const NOTHING = new Script("0");

/**
 * An empty world for a program. Where time is virtual, what waits for a promise must not wait for the real one: it is run by `settle`, at the end of each turn of
 * the program.
 */
export function newWorld({ virtual }: Outside): { world: Context; settle: (() => void) | undefined } {
  if (virtual === undefined) return { world: createContext({}), settle: undefined };
  const world = createContext({}, { microtaskMode: "afterEvaluate" });
  const enter = runInContext(VIRTUAL_TEXT, world) as (random: () => number, unix: () => number) => void;
  enter(
    () => virtual.random(),
    () => virtual.unix(),
  );
  return { world, settle: () => void NOTHING.runInContext(world) };
}
