import { parse } from "acorn";
import { expect, test } from "vitest";
import { overspent } from "./engine/profile/budget.ts";
import { probed } from "./engine/profile/probes.ts";

const BUDGET = { "main.js": { bytes: 1000, stackBytes: 100, leafTimesMqtt: 5 } };

test("a figure of the chip's profile may be worse than its budget by a tenth, and not by more", () => {
  expect(overspent({ "main.js": { bytes: 1100, stackBytes: 110, leafTimesMqtt: 4.5 } }, BUDGET)).toEqual([]);
  expect(overspent({ "main.js": { bytes: 1101, stackBytes: 111, leafTimesMqtt: 4.49 } }, BUDGET)).toEqual([
    "main.js: bytes is 1101, the budget is 1000",
    "main.js: stackBytes is 111, the budget is 100",
    "main.js: leafTimesMqtt is 4.49, the budget is 5",
  ]);
});

test("a figure that is better than its budget, or was not measured, is no reason to fail", () => {
  expect(overspent({ "main.js": { bytes: 1, leafTimesMqtt: 50 } }, BUDGET)).toEqual([]);
});

test("a figure without a budget is said to have none", () => {
  expect(overspent({ "leaf.js": { bytes: 1 } }, BUDGET)).toEqual([
    "leaf.js: bytes has no budget; npm run profile -- --raise makes one",
  ]);
});

test("each function of a probed program calls the probe first, whatever kind it is", () => {
  const text = probed(
    "function a(){return 1}let b=x=>y=>(x,y),c=()=>({});class D{constructor(){this.e=function(){}}f(){}}",
  );
  expect(text).toBe(
    "function a(){probe();return 1}let b=x=>(probe(),y=>(probe(),(x,y))),c=()=>(probe(),({}));" +
      "class D{constructor(){probe();this.e=function(){probe();}}f(){probe();}}",
  );
  parse(text, { ecmaVersion: 2022 });
});
