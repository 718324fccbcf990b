/** Every vector of docs/wire.md is played against the real root or node. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { play, vectorsOf } from "./wire-player.ts";

const vectors = vectorsOf(readFileSync(new URL("../docs/wire.md", import.meta.url), "utf8"));

test.each(
  vectors.map((vector) => [`${vector.subject} at line ${vector.line}`, vector.rules.join(" "), vector] as const),
)("does and says exactly what the vector for a %s shows (%s)", (_where, _rules, vector) => play(vector));

test("a vector fails when the subject says something else, says more, or says nothing", () => {
  const session = ["open a", 'a > {"type":"?ping"}'];
  const vector = (steps: string[]) => ({ line: 1, subject: "root", id: "root", rules: [], steps });
  const answer = 'a < {"type":"!ping","now":1700000000000}';
  play(vector([...session, answer]));
  expect(() => play(vector([...session, answer.replace("17", "18")]))).toThrow("line 4");
  expect(() => play(vector(session))).toThrow("no more than what is shown");
  expect(() => play(vector([...session, answer, answer]))).toThrow("line 5");
  expect(() => play(vector([...session, answer, "counted group known"]))).toThrow("counted");
});
