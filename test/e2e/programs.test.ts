/** The very programs for the chip, bundled: what the engine takes, how large they are, and which names they keep. */
import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { type Built, buildProgram, FIRMWARE } from "#tools/bundle/build-firmware.ts";
import { unquotedNames, wireNames } from "#tools/bundle/private-names.ts";

describe("the chip's programs", () => {
  let main: Built;
  const made = new Map<string, Built>();

  beforeAll(async () => {
    for (const program of FIRMWARE) {
      made.set(program.name, await buildProgram(program, "0.0.0"));
    }
    main = made.get("main") as Built;
  }, 120_000);

  test.each(FIRMWARE)("$name is fit for the chip: nothing that the engine refuses or misreads", ({ name }) => {
    expect(made.get(name)?.faults).toEqual([]);
  });

  test("a leaf has nothing of what serves children", () => {
    expect(made.get("leaf")?.text).not.toContain('"!gone"');
    expect(made.get("leaf")?.text).not.toContain("Sec-WebSocket");
    expect(made.get("wifi")?.counters).not.toContain("radio beyond credits");
  });

  test("writes to the wire what docs/wire.md names, and nothing shortened", () => {
    const documented = new Set(
      [...readFileSync("docs/wire.md", "utf8").matchAll(/"([a-z]+)" *:/g)].map((match) => match[1] as string),
    );
    const written = [...wireNames(main.text)].toSorted();
    // An option of the engine's own stands beside a `type` as well.
    expect(written.filter((name) => !documented.has(name) && name !== "recvBufferSize")).toEqual([]);
    expect(written).toEqual(expect.arrayContaining(["eid", "error", "id", "ok", "rev", "text", "type", "v", "value"]));
  });

  test("reads from the wire and from its configuration what the sources have in quotes", () => {
    // Parts that this program does without are read by the build, and leave nothing.
    const files = main.sizes().map(({ file }) => file);
    const sources = files.filter((file) => /^(firmware|shared)\//.test(file)).map((file) => readFileSync(file, "utf8"));
    const quoted = sources.flatMap((text) => [...text.matchAll(/\w\["([a-z]+)"\]/g)]);
    const names = [...new Set(quoted.map((match) => match[1] as string))];
    expect(names.length).toBeGreaterThan(20);
    const read = unquotedNames(main.text);
    expect(names.filter((name) => !read.has(name))).toEqual([]);
  });
});
