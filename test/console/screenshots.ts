/**
 * `make screenshots`: the console's pages as pictures for docs/console.md, of the tree of `make run` on a real root: on a desk and on a
 * phone, light and dark, and 500 simulated nodes on a wall. They are small enough to be committed.
 */
import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import type { BrowserContextOptions, Page } from "playwright-core";
import { WireClient } from "../host/client.ts";
import { CHROMIUM, SKIP_REASON } from "./chromium.ts";
import { Crowd, crowdIds, writeTokens } from "./crowd.ts";
import { withPalette } from "./palette-png.ts";
import { Stage } from "./stage.ts";

const FOLDER = "docs/screenshots";
const DESK = { width: 1200, height: 750 };
const PHONE = { width: 390, height: 780 };
const WALL = { width: 1440, height: 810 };
/** So that there is something to see in charts. */
const HISTORY_MILLIS = 40_000;

const pause = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis));

interface Shot {
  name: string;
  path: string;
  options: BrowserContextOptions;
  before?: (page: Page) => Promise<void>;
}

const openTemperature = async (page: Page): Promise<void> => {
  await page.locator(".plot canvas").waitFor();
};
const choose = async (page: Page): Promise<void> => {
  await page.getByRole("treeitem", { name: "greenhouse" }).click();
};

const SHOTS: Shot[] = [
  { name: "tree", path: "", options: { viewport: DESK, colorScheme: "light" }, before: choose },
  { name: "tree-dark", path: "", options: { viewport: DESK, colorScheme: "dark" } },
  { name: "tree-phone", path: "", options: { viewport: PHONE, colorScheme: "light" } },
  {
    name: "node",
    path: "node/house/temperature",
    options: { viewport: DESK, colorScheme: "light" },
    before: openTemperature,
  },
  { name: "node-phone-dark", path: "node/house", options: { viewport: PHONE, colorScheme: "dark" } },
  { name: "events-dark", path: "events", options: { viewport: DESK, colorScheme: "dark" } },
  { name: "health", path: "health", options: { viewport: DESK, colorScheme: "light" } },
  { name: "health-phone-dark", path: "health", options: { viewport: PHONE, colorScheme: "dark" } },
  {
    name: "add",
    path: "add",
    options: { viewport: { ...DESK, height: 820 }, colorScheme: "light" },
    before: async (page) => {
      await page.getByLabel("Name").fill("kitchen");
      await page.getByLabel("Address of the root").fill("192.168.1.20");
      await page.getByLabel("Network").fill("our wifi");
      await page.getByRole("button", { name: "Make a token" }).click();
      await page.getByText("Waiting for kitchen").waitFor();
    },
  },
  { name: "settings-phone", path: "settings", options: { viewport: PHONE, colorScheme: "light" } },
];

async function main(): Promise<void> {
  if (CHROMIUM === "") throw new Error(SKIP_REASON);
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const stage = await Stage.open();
  try {
    await stage.grow();
    const shed = await WireClient.open(`ws://127.0.0.1:${stage.port}/node`, stage.tokens.add("shed", false));
    const epoch = await shed.join("shed");
    await shed.store("shed", epoch, 2, [
      { type: "!gap", n: 12, reason: "full", class: "state" },
      { type: "!update", eid: "humidity", value: 61, unit: "%", ts: Date.now() },
    ]);
    const ask = (method: string, path: string, body: object): Promise<Response> =>
      fetch(stage.url + path, { method, body: JSON.stringify(body) });
    await ask("PUT", "/api/nodes/house/set", { eid: "thermostat.target", value: 22.5 });
    await ask("POST", "/api/nodes/house/act", { eid: "lamp", value: true });
    await pause(HISTORY_MILLIS);
    stage.nodes.get("wind-2014")?.stop();
    await ask("PUT", "/api/nodes/house/set", { eid: "thermostat.target", value: 21 });
    await pause(3000);
    await shoot(
      stage,
      { name: "sign-in-phone-dark", path: "", options: { viewport: PHONE, colorScheme: "dark" } },
      false,
    );
    for (const shot of SHOTS) await shoot(stage, shot, true);
    shed.close();
    for (const node of stage.nodes.values()) node.stop();
  } finally {
    await stage.close();
  }
  await shootCrowd();
  const sizes = readdirSync(FOLDER).map((name) => [name, statSync(`${FOLDER}/${name}`).size] as const);
  for (const [name, bytes] of sizes) console.log(`${FOLDER}/${name}: ${Math.round(bytes / 1000)} kB`);
  console.log(`${Math.round(sizes.reduce((sum, [, bytes]) => sum + bytes, 0) / 1000)} kB in all`);
}

async function shoot(stage: Stage, { name, path, options, before }: Shot, isSignedIn: boolean): Promise<void> {
  const context = isSignedIn ? await stage.signedIn("administer", options) : await stage.browser.newContext(options);
  const page = await stage.page(context, path);
  await page.locator("h1").first().waitFor({ state: "attached" });
  await before?.(page);
  await pause(2500);
  writeFileSync(`${FOLDER}/${name}.png`, withPalette(await page.screenshot()));
  await context.close();
}

async function shootCrowd(): Promise<void> {
  const stage = await Stage.open();
  let crowd: Crowd | undefined;
  try {
    writeTokens(stage.bench.data, crowdIds(16, 14));
    crowd = await Crowd.join(`ws://127.0.0.1:${stage.port}/node`, 16, 14);
    crowd.start(600);
    await shoot(stage, { name: "crown-wall-dark", path: "", options: { viewport: WALL, colorScheme: "dark" } }, true);
  } finally {
    crowd?.close();
    await stage.close();
  }
}

main().catch((error: unknown) => {
  console.error(`screenshots: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
