/**
 * Plays a `vector` block of docs/wire.md against the real Root or TreeNode. docs/wire.md section 19 has the grammar.
 *
 * It guarantees that whatever the subject says is shown in the block, in its order, and that nothing else was said.
 */
import { NodeStage, RootStage } from "./wire-stage.ts";

export interface Vector {
  /** Line of the document where it starts. */
  line: number;
  /** "root", or "node" and its id. */
  subject: string;
  id: string;
  rules: string[];
  steps: string[];
}

/** The vectors of a Markdown text. */
export function vectorsOf(markdown: string): Vector[] {
  const vectors: Vector[] = [];
  let open: Vector | undefined;
  markdown.split("\n").forEach((text, index) => {
    if (open !== undefined) {
      if (text === "```") open = undefined;
      else open.steps.push(text);
      return;
    }
    const head = /^```vector (root|node) ?(.*)$/.exec(text);
    if (head === null) return;
    const words = (head[2] ?? "").split(" ").filter((word) => word !== "");
    const id = head[1] === "node" ? (words.shift() ?? "") : "root";
    open = { line: index + 1, subject: head[1] ?? "", id, rules: words, steps: [] };
    vectors.push(open);
  });
  return vectors;
}

/** Plays it to its end. Throws, naming the step, where the subject does not do what is shown. */
export function play(vector: Vector): void {
  const stage = vector.subject === "root" ? new RootStage() : new NodeStage(vector.id);
  let frameOf = "";
  let frame = "";
  const flush = (): void => {
    if (frame === "") return;
    const text = frame;
    frame = "";
    stage.isQuiet();
    stage.receive(frameOf, text);
  };
  vector.steps.forEach((raw, index) => {
    try {
      const step = raw.replace(/\{\{(.)\*(\d+)\}\}/g, (_, letter: string, times: string) =>
        letter.repeat(Number(times)),
      );
      const line = /^(\S+) ([<>])(\|?) (.*)$/.exec(step);
      const [, name = "", arrow = "", bar = "", text = ""] = line ?? [];
      if (line !== null && stage.hears(name, arrow)) {
        if (name !== frameOf) flush();
        frameOf = name;
        frame += bar === "" ? `${text}\n` : text;
        if (bar !== "") flush();
        return;
      }
      if (step.startsWith("#")) return;
      flush();
      if (step === "") return;
      const [verb = "", ...words] = step.split(" ");
      if (line !== null || /^(stored|closed|outcome|acts|sets|dials)$/.test(verb)) return stage.shows(step);
      if (verb === "counted") return stage.counts(words.join(" "));
      stage.isQuiet();
      if (verb === "wait") stage.wait(Number(words[0]));
      else stage.perform(verb, words, step);
    } catch (error) {
      throw new Error(`docs/wire.md line ${vector.line + 1 + index}: ${raw}\n${(error as Error).message}`, {
        cause: error,
      });
    }
  });
  flush();
  stage.isQuiet();
}
