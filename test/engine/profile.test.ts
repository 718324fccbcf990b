/**
 * The chip's profile: what each program takes of the chip, and how fast it is beside Espruino's own modules, held against test/engine/budget.json. See docs/chip-profile.md.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { ESPRUINO, firmware, isChipLike, SKIP_REASON } from "./espruino.ts";
import { figure } from "./figures.ts";
import { budget, type Figures, overspent, type Profile, raise, SLACK } from "./profile/budget.ts";
import { BACKLOG, EARLY_KEPT, live, liveEarly, liveWithRadioChildren } from "./profile/life.ts";
import { BALLAST, BLOCKS, PROBE, PROBE_COST, STACK_BYTES, STATEMENT } from "./profile/probes.ts";
import { branches, compete, type Contestant, eachAlone, leaves, type Open, ratio } from "./profile/speed.ts";
import { CHILDREN, type Kit, KITS, Stage, type StageOptions } from "./profile/stage.ts";
import { missing } from "./profile/stock.ts";
import { profileTable } from "./profile/table.ts";

/** A quarter of a chip's variables. Spec. */
const QUARTER = 4096;
/** What a leaf has to reach, as a multiple of the MQTT module's events per second. Spec. */
const LEAF_TIMES_MQTT = 4;
const ROUNDS = 9;
const TRIES = 3;
const BLOCK_MILLIS = 3000;
const TURN_TRIES = 6;

const isChip = await isChipLike();
const profile: Profile = Object.fromEntries(KITS.map(({ name }) => [name, {}]));
const WHY = ESPRUINO === "" ? ` (${SKIP_REASON})` : isChip ? "" : " (skipped: this engine has more memory than a chip)";

async function staged<T>(kit: Kit, options: StageOptions, act: (stage: Stage) => Promise<T>): Promise<T> {
  const stage = await Stage.open(kit, options);
  try {
    return await act(stage);
  } finally {
    await stage.close();
  }
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

describe.skipIf(!isChip)(`the chip's profile${WHY}`, () => {
  afterAll(() => {
    const folder = ".build/report";
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/chip-profile.json`, `${JSON.stringify(profile, null, 2)}\n`);
    const skipped = (["MQTT", "ws"] as const).flatMap((name) => missing(name) ?? []);
    const notes = skipped.map((why) => `not compared: ${why}\n`).join("");
    writeFileSync(`${folder}/chip-profile.txt`, profileTable(profile) + notes);
  });

  test.each(KITS)("$name: variables and stack are known", async (kit) => {
    const figures = profile[kit.name] as Figures;
    figures.bytes = (await firmware(kit.stock)).length;
    await staged(kit, { isStock: true, isFromFlash: true, isMetered: true }, async (stage) => {
      await stage.engine.line(/joined/, 60_000);
      figures.variablesAtRest = await stage.usage();
    });
    await staged(kit, { isFromFlash: true, isMetered: true, isProbed: true, before: PROBE }, async (stage) => {
      const { perEvent, perChild } = await live(kit, stage);
      figures.variablesPerEvent = rounded(perEvent, 2);
      if (perChild !== undefined) figures.variablesPerChild = Math.round(perChild);
      figures.variablesMost = await stage.engine.ask("usageMost");
      const left = (await stage.engine.ask("stackLeft")) + (await stage.engine.ask(PROBE_COST));
      figures.stackBytes = STACK_BYTES - left;
    });
  });

  test.each(KITS)(
    `$name: five entities, ${BACKLOG} readings that wait and ${CHILDREN} children if it takes any fit with a quarter of the variables free`,
    async (kit) => {
      await staged(kit, { isFromFlash: true, isMetered: true, before: BALLAST(QUARTER) }, async (stage) => {
        await live(kit, stage);
        figure(`${kit.name} with a quarter of the variables taken away`, "lives");
      });
    },
  );

  test("main.js: six children by radio fit with a quarter of the variables free", async () => {
    const kit = KITS.find(({ name }) => name === "main.js") as Kit;
    await staged(kit, { isFromFlash: true, isMetered: true, before: BALLAST(QUARTER) }, async (stage) => {
      (profile[kit.name] as Figures).variablesPerRadioChild = Math.round(await liveWithRadioChildren(stage));
    });
  });

  test.each(KITS)(
    "$name: what it reports before it has ever joined fits with a quarter of the variables free",
    async (kit) => {
      await staged(kit, { isFromFlash: true, isDeaf: true, before: BALLAST(QUARTER) }, async (stage) => {
        const kept = await liveEarly(stage);
        figure(`${kit.name}: of ${BACKLOG} readings before the first join, kept`, kept);
        expect(kept).toBeGreaterThanOrEqual(EARLY_KEPT);
      });
    },
  );

  /** Competes again, up to TRIES times, while a ratio is not what it has to be: a busy machine may cost one of them more than the other. */
  async function compared(
    what: string,
    heat: readonly Open[],
    rows: readonly [keyof Figures, string, number][],
  ): Promise<void> {
    for (let left = TRIES; left > 0; left--) {
      const all = await compete(heat, ROUNDS);
      if (left === TRIES) say(what, all);
      for (const name of ["wifi.js", "main.js"]) {
        const figures = profile[name] as Figures;
        for (const [row, other] of rows) {
          const times = ratio(all, name, other);
          if (times !== undefined) figures[row] = Math.max(figures[row] ?? 0, rounded(times, 1));
        }
      }
      const isSlow = ["wifi.js", "main.js"].some((name) =>
        rows.some(([row, , least]) => {
          const times = profile[name]?.[row] ?? Infinity;
          return times < least || times < (budget()[name]?.[row] ?? 0) * (1 - SLACK);
        }),
      );
      if (!isSlow) break;
    }
    for (const name of ["wifi.js", "main.js"])
      for (const [row, , least] of rows)
        expect(profile[name]?.[row] ?? Infinity, `${name}: ${row}`).toBeGreaterThanOrEqual(least);
  }

  test("a leaf stores at least four times what the MQTT module has acknowledged in the same time", async (context) => {
    await compared("as leaf", leaves(), [
      ["leafTimesMqtt", "MQTT", LEAF_TIMES_MQTT],
      ["leafTimesWs", "ws", 1],
    ]);
    const why = missing("MQTT") ?? missing("ws");
    if (why !== undefined) context.skip(why);
  });

  test("a branch carries more than a relay by the ws module", async (context) => {
    await compared("as branch", branches(), [["branchTimesWs", "ws", 1]]);
    const why = missing("ws");
    if (why !== undefined) context.skip(why);
  });

  test("the longest turn of the interpreter is known", async () => {
    // The shortest of the tries, as leaf and as branch: a machine that stands still makes some slices long, and none short.
    const longest = new Map<string, number>();
    for (let left = TURN_TRIES; left > 0; left--) {
      for (const [what, heat] of [
        ["as leaf", leaves()],
        ["as branch", branches()],
      ] as const) {
        // Again only those that have a budget.
        await eachAlone(
          left === TURN_TRIES ? heat : heat.slice(0, 2),
          BLOCKS,
          BLOCK_MILLIS,
          async ({ key, engine }) => {
            const nanos = await engine.ask("blockLongest");
            const statements = Math.round(nanos / (await engine.ask(STATEMENT)));
            if (left === TURN_TRIES) {
              figure(`longest turn, ${key} ${what}`, `${statements} statements, ${(nanos / 1e6).toFixed(1)} ms here`);
            }
            const name = `${key} ${what}`;
            longest.set(name, Math.min(longest.get(name) ?? Infinity, statements));
          },
        );
      }
      for (const name of ["wifi.js", "main.js"]) {
        const figures = profile[name] as Figures;
        const turns = [...longest].filter(([key]) => key.startsWith(name)).map(([, statements]) => statements);
        figures.blockStatements = Math.max(...turns);
      }
      if (overspent(profile, budget()).every((sentence) => !sentence.includes("blockStatements"))) break;
    }
  });

  test("no figure is worse than its budget by more than a tenth", () => {
    if (process.env["SAPLINE_BUDGET"] === "raise") raise(profile);
    expect(overspent(profile, budget())).toEqual([]);
  });
});

function say(what: string, all: readonly Contestant[]): void {
  for (const { key, rates } of all) {
    const middle = rates.toSorted((a, b) => a - b)[rates.length >> 1] as number;
    figure(`${key} ${what}: events for each second of its processor, here`, Math.round(middle));
  }
}
