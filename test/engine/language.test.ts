/**
 * What the firmware builds on, asked of the engine itself: the ways of the language that differ from Node's and that our code, our bundle
 * gate and our emulator know of. If a new engine changes one of them, this says which.
 */
import { describe, expect, test } from "vitest";
import { Engine, ESPRUINO, SKIP_REASON } from "./espruino.ts";
import { EmulatedProgram } from "../firmware/emulated-node.ts";

/** [expression, what the engine says]. The emulator has to say the same where `isEmulated`. */
const WAYS: [expression: string, answer: string, isEmulated: boolean][] = [
  // Known to the firmware, and played by the emulator.
  ['JSON.stringify("\\xe9\\x7f")', '"\\u00E9\\u007F"', true],
  ['JSON.parse("\\"\\\\u00e9\\"").charCodeAt(0)', "233", true],
  ['"ab|".indexOf("|c")', "2", true],
  ['"ab|".includes("|c")', "true", true],
  ['"ab|".replace("|c","-")', "ab-", true],
  ['"ab|".lastIndexOf("|c")', "-1", true],
  ['"ab|".startsWith("ab|c")', "false", true],
  ['"".split("\\r\\n").length', "0", true],
  ['"".split("\\n").length', "1", true],
  ['"a,b,c".split(",",1).length', "3", true],
  ["({}).on!==undefined", "true", true],
  ["typeof setTimeout(function(){},0)", "number", true],
  ['E.toString(new Uint32Array(E.toArrayBuffer("abcd")).buffer)', "abcd", true],
  ['btoa(E.toString(require("crypto").SHA1("abc")))', "qZk+NkcGgWq6PiVxeFDCbJzQ2J0=", true],
  ['(function(){try{require("nothing")}catch(e){return e instanceof Error}})()', "true", true],
  ["(function(){try{clearTimeout(undefined)}catch(e){return 'throws'}})()", "throws", true],
  ["typeof Map+typeof Symbol+typeof Math.trunc+typeof Array.from+typeof [].flat", "undefined".repeat(5), true],
  ['require("Storage").write("x","hello")+require("Storage").read("x",1,3)', "trueell", true],
  ['typeof require("Storage").read("nothing")', "undefined", true],
  // Known to the bundle gate; not played by the emulator.
  ["(function(){var f=[];for(let i=0;i<2;i++)f.push(function(){return i});return f[0]()})()", "2", false],
  ["(function(){class A{m(){return 1}}class B extends A{m(){return super.m()+1}}return new B().m()})()", "2", true],
  ["[3,1,2].sort(function(a,b){return a-b}).join()", "1,2,3", true],
  ["(function(){try{var a=[1,2];a.length=0;return a.length}catch(e){return 'throws'}})()", "throws", false],
  // Numbers of the wire survive.
  ["JSON.stringify([1732345678123,0.1,-12.75,4294967295])", "[1732345678123,0.1,-12.75,4294967295]", true],
  ["/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test('a-b.c_9')+''+/^[A-Za-z0-9][A-Za-z0-9_.-]*$/.test('a b')", "truefalse", true],
];

function program(): string {
  const expressions = WAYS.map(([expression]) => JSON.stringify(expression)).join(",");
  return `var ways=[${expressions}];for(var i=0;i<ways.length;i++)console.log("way "+i+" "+eval(ways[i]));console.log("ways end");`;
}

function answers(lines: readonly string[]): string[] {
  return WAYS.map(
    (_, at) => lines.find((line) => line.startsWith(`way ${at} `))?.slice(`way ${at} `.length) ?? "no answer",
  );
}

describe.skipIf(ESPRUINO === "")(`the engine's ways${ESPRUINO === "" ? ` (${SKIP_REASON})` : ""}`, () => {
  test("are what the firmware, the gate and the emulator take them for", async () => {
    const engine = new Engine(program(), {});
    await engine.line(/^ways end/);
    const said = answers(engine.lines);
    await engine.stop();
    expect(WAYS.map(([expression], at) => `${expression} is ${said[at]}`)).toEqual(
      WAYS.map(([expression, answer]) => `${expression} is ${answer}`),
    );
  });
});

describe("the emulator's ways", () => {
  test("are the engine's, for those it plays", async () => {
    const emulated = await EmulatedProgram.run(program());
    await emulated.line(/^ways end/);
    const said = answers(emulated.lines);
    await emulated.stop();
    const played = WAYS.map(([expression, answer, isEmulated], at) => [expression, isEmulated ? answer : said[at]]);
    expect(WAYS.map(([expression], at) => [expression, said[at]])).toEqual(played);
  });
});
