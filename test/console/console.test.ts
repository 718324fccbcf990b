/** The console in a real browser, on a real root with 13 emulated nodes. One tree for all tests: they go from the whole tree to one that was hurt. */
import { readFileSync } from "node:fs";
import { AxeBuilder } from "@axe-core/playwright";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WireClient } from "../host/client.ts";
import { until } from "../e2e/processes.ts";
import { temporaryFolder } from "../temporary.ts";
import { EspruinoConsole } from "../tools/espruino-console.ts";
import { CHROMIUM, SKIP_REASON } from "./chromium.ts";
import { Crowd, crowdIds, writeTokens } from "./crowd.ts";
import { PASSWORD, Stage } from "./stage.ts";

let stage: Stage;
let context: BrowserContext;
let page: Page;

const PAGES = ["", "node/house/temperature", "events", "health", "add", "settings", "nowhere"];

describe.skipIf(CHROMIUM === "")(`the console in a browser${CHROMIUM === "" ? ` (${SKIP_REASON})` : ""}`, () => {
  beforeAll(async () => {
    stage = await Stage.open();
    await stage.grow();
    context = await stage.signedIn("administer");
    page = await stage.page(context);
  }, 60_000);
  afterAll(async () => {
    await stage.close();
  });

  test("who is not signed in sees the sign-in and nothing else; a wrong password is said; the right one leads to the page that was wanted", async () => {
    const stranger = await stage.browser.newContext();
    const door = await stage.page(stranger, "node/house");
    await door.getByLabel("Name").fill("act");
    await door.getByLabel("Password").fill("a wrong password");
    await door.getByRole("button", { name: "Sign in" }).click();
    await door.getByRole("alert").getByText("Name or password is wrong.").waitFor();
    expect(await door.locator("body").innerText()).not.toContain("thermostat");
    await door.getByLabel("Password").fill(PASSWORD);
    await door.getByLabel("Password").press("Enter");
    await door.getByRole("heading", { name: "house", level: 1 }).waitFor();
    await stranger.close();
  });

  test("the tree has all nodes, as a picture and as a list that keys move through; a search finds", async () => {
    await page.getByText("all 13 nodes here").waitFor();
    const rows = page.getByRole("treeitem");
    expect(await rows.count()).toBe(13);
    expect(await page.getByRole("img", { name: /13 nodes/ }).count()).toBe(1);
    expect(await rows.filter({ hasText: "attic" }).first().getAttribute("aria-level")).toBe("2");
    await rows.first().focus();
    await page.keyboard.press("ArrowLeft");
    await until(
      async () => (await rows.count()) === 6,
      3000,
      () => "the garden was not folded",
    );
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("/");
    await page.keyboard.type("wind");
    await until(
      async () => (await rows.count()) === 4,
      3000,
      () => "the search did not narrow the list",
    );
    await page.getByRole("searchbox").fill("");
  });

  test("an action changes a value, and says what the node answered; one that the node does not know is refused in words", async () => {
    await page.goto(`${stage.url}/console/node/house/lamp`);
    const lamp = page.getByRole("article", { name: "lamp" });
    await lamp.getByRole("button", { name: "Switch on" }).click();
    await lamp.getByText("Done. house answered on.").waitFor();
    await lamp.locator(".entity-value", { hasText: "on" }).waitFor();
    await page.getByText("Do something else").click();
    await page.getByLabel("Entity").fill("trumpet");
    await page.getByRole("button", { name: "Do now" }).click();
    await page.getByText("house tried and could not: no such action: trumpet").waitFor();
  });

  test("the chart has the entity's history, zooms where one draws over it, and has a table beside", async () => {
    await page.goto(`${stage.url}/console/node/house/temperature`);
    await page.getByText("As a table").click();
    await page.getByRole("columnheader", { name: "Last (°C)" }).waitFor();
    const plot = page.locator(".plot .u-over");
    await plot.scrollIntoViewIfNeeded();
    const box = await plot.boundingBox();
    if (box === null) throw new Error("there is no chart");
    await page.mouse.move(box.x + box.width * 0.6, box.y + 40);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width - 4, box.y + 60, { steps: 4 });
    await page.mouse.up();
    await page.getByRole("button", { name: "Zoom out" }).click();
    await page.getByRole("button", { name: "1 h", pressed: true }).waitFor();
  });

  test("the live tail shows what is stored, filtered, held still, and copied as JSON lines", async () => {
    await context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.goto(`${stage.url}/console/events`);
    const rows = page.locator(".event-row");
    await rows.first().waitFor();
    await page.getByLabel("Node").fill("wind-2012");
    await rows.filter({ hasText: "wind" }).first().waitFor();
    const names = await rows.locator("a").allInnerTexts();
    expect(new Set(names)).toEqual(new Set(["wind-2012"]));
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByText(/Held still; \d+ events? came since/).waitFor();
    await page.getByRole("button", { name: /Copy/ }).click();
    await page.getByText(/\d+ events? copied/).waitFor();
    const lines = (await page.evaluate(() => navigator.clipboard.readText())).trim().split("\n");
    expect(lines.length).toBeGreaterThanOrEqual(names.length);
    expect(JSON.parse(lines[0] as string)).toMatchObject({ node: "wind-2012", type: "!update", eid: "wind" });
  });

  test("a node is added: its token is seen once, with a code to scan, and it is seen arriving", async () => {
    await page.goto(`${stage.url}/console/add`);
    await page.getByLabel("Name").fill("attic");
    await page.getByRole("button", { name: "Make a token" }).click();
    await page.getByRole("button", { name: /Make a new one/ }).waitFor();
    await page.getByLabel("Name").fill("newcomer");
    await page.getByRole("button", { name: "Make a token" }).click();
    await page.getByText("Waiting for newcomer to arrive").waitFor();
    await page.getByRole("img", { name: /QR code/ }).waitFor();
    const token = await page.locator(".copyable code").first().innerText();
    const client = await WireClient.open(`ws://127.0.0.1:${stage.port}/node`, token);
    await client.join("newcomer");
    await page.getByText("newcomer has arrived").waitFor();
    client.close();
  });

  test("a board is written over USB: its configuration, the program and the loader, each piece confirmed", async () => {
    const own = await stage.signedIn("administer");
    const board = new EspruinoConsole({ folder: temporaryFolder() });
    const wire = board.plug();
    let printed = "";
    let heard = (): void => {};
    wire.onText = (text) => {
      printed += text;
      heard();
    };
    await own.exposeFunction("toBoard", (text: string) => wire.write(text));
    await own.exposeFunction("fromBoard", async () => {
      if (printed === "") await new Promise<void>((resolve) => (heard = resolve));
      const text = printed;
      printed = "";
      return text;
    });
    await own.addInitScript(fakeSerial);
    // The loader is the root's own; a short program takes its place for the sake of time.
    const program = "print('a program of ${its} own');\n".repeat(30);
    await own.route("**/console/firmware.js", (route) => route.fulfill({ body: program }));
    const door = await stage.page(own, "add");
    await door.getByLabel("Name").fill("flashed");
    await door.getByLabel("Network").fill("my wifi");
    await door.getByRole("button", { name: "Make a token" }).click();
    await door.getByRole("button", { name: "Over USB" }).click();
    await door.getByText("Written. The board restarts").waitFor();
    const { storage } = board;
    expect(JSON.parse(storage.read("sapline.json") ?? "")).toMatchObject({ id: "flashed", wifi: { ssid: "my wifi" } });
    expect(storage.read("sapline.a")).toBe(program);
    expect(storage.read(".bootcde")).toBe(readFileSync("dist/firmware/loader.js", "latin1"));
    expect(board.restarts).toBe(1);
    await own.close();
  });

  test("what nodes call themselves and say is text: no script of theirs runs", async () => {
    const evil = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>';
    const client = await WireClient.open(`ws://127.0.0.1:${stage.port}/node`, stage.tokens.add("evil", false));
    client.say({ type: "?hello", v: 1, id: "evil", fw: evil, nonce: 1 });
    const { ep } = await client.next("!hello");
    await client.store("evil", ep as number, 4, [
      { type: "!update", eid: evil.slice(0, 60), value: evil, unit: "<b>unit</b>" },
      { type: "!update", eid: "__proto__", value: { constructor: evil } },
      { type: "!log", text: evil },
      { type: evil, more: evil },
    ]);
    for (const path of ["", "node/evil", "events", "health", `node/${encodeURIComponent(evil)}`]) {
      await page.goto(`${stage.url}/console/${path}`);
      await page.locator("h1").first().waitFor({ state: "attached" });
      if (path === "node/evil") {
        await page.locator(".entity-head").first().click();
        await page.getByText("<b>unit</b>").first().waitFor();
        await page.locator(".story-line", { hasText: "<script>" }).waitFor();
      }
      expect(await page.evaluate(() => [document.images.length, (globalThis as { broken?: number }).broken])).toEqual([
        0,
        undefined,
      ]);
    }
    client.close();
  });

  test("who may only look has nothing to press, and an action of theirs is refused by the root too", async () => {
    const own = await stage.signedIn("look");
    const door = await stage.page(own, "node/house/lamp");
    await door.getByText("You may look.").waitFor();
    expect(await door.getByRole("button", { name: /Switch/ }).count()).toBe(0);
    const status = await door.evaluate(async () => {
      const { csrf } = (await (await fetch("/api/session")).json()) as { csrf: string };
      const headers = { "content-type": "application/json", "x-sapline-csrf": csrf };
      return (await fetch("/api/nodes/house/act", { method: "POST", headers, body: '{"eid":"lamp"}' })).status;
    });
    expect(status).toBe(403);
    await own.close();
  });

  test("axe finds nothing on any page, in both themes", async () => {
    const own = await stage.signedIn("administer", { colorScheme: "light" });
    const look = async (paths: readonly string[]): Promise<string[]> => {
      const door = await stage.page(own);
      const found: string[] = [];
      for (const path of paths) {
        await door.goto(`${stage.url}/console/${path}`);
        await door.locator("h1").first().waitFor({ state: "attached" });
        if (path.startsWith("node")) await door.locator(".plot canvas").waitFor();
        found.push(...(await axeInBothThemes(door)));
      }
      return found;
    };
    const entrance = async (): Promise<string[]> => {
      const stranger = await stage.browser.newContext();
      const door = await stage.page(stranger);
      await door.getByLabel("Name").waitFor();
      await door.emulateMedia({ colorScheme: "dark" });
      await door.locator("html[data-theme=dark]").waitFor();
      return axeInBothThemes(door);
    };
    const halves = [PAGES.filter((_, at) => at % 2 === 0), PAGES.filter((_, at) => at % 2 === 1)];
    expect((await Promise.all([...halves.map(look), entrance()])).flat()).toEqual([]);
    await own.close();
  });

  test("on a phone nothing is wider than the screen", async () => {
    const own = await stage.signedIn("administer", { viewport: { width: 360, height: 740 }, hasTouch: true });
    const door = await stage.page(own);
    for (const path of PAGES) {
      await door.goto(`${stage.url}/console/${path}`);
      await door.locator("h1").first().waitFor({ state: "attached" });
      expect([path, await door.evaluate(() => document.documentElement.scrollWidth)]).toEqual([path, 360]);
    }
    await own.close();
  });

  test("a leaf that is killed is seen leaving within three seconds of the root's knowing, and its history says so", async () => {
    await page.goto(`${stage.url}/console/node/wind-2014`);
    await page.locator(".state", { hasText: "here" }).waitFor();
    stage.nodes.get("wind-2014")?.stop();
    await until(
      async () => !(await stage.upNodes()).includes("wind-2014"),
      20_000,
      () => "the root did not notice",
    );
    await page.locator(".state", { hasText: "away" }).waitFor({ timeout: 3000 });
    await page.locator(".entity.is-stale").waitFor();
    await page.locator(".story-line", { hasText: "wind-2014 left" }).waitFor();
    await page.locator(".story-line", { hasText: "wind-2014 joined below pond" }).waitFor();
  });

  test("the tree of an earlier moment is shown as it was, and the one of now again", async () => {
    await page.goto(`${stage.url}/console/`);
    await page.getByText(/12 of 1[4-6] nodes here/).waitFor();
    await page.getByRole("button", { name: "Earlier" }).click();
    await page.getByLabel("The tree as it was at").fill("2020-01-01T12:00:00");
    await page.getByText("no node had joined at").waitFor();
    await page.getByRole("button", { name: "Now" }).click();
    await page.getByText(/12 of 1[4-6] nodes here/).waitFor();
  });

  test("what an absent node is to have is pending, and settles when it is back; an action meanwhile is refused", async () => {
    stage.nodes.get("house")?.stop();
    await page.goto(`${stage.url}/console/node/house/thermostat.target`);
    await page.locator(".state", { hasText: "away" }).waitFor({ timeout: 20_000 });
    const target = page.getByRole("article", { name: "thermostat.target" });
    await target.getByLabel("New value").fill("23.5");
    await target.getByRole("button", { name: "Do now" }).click();
    await target.getByText("house is away: nothing was done").waitFor();
    await target.getByRole("button", { name: "Keep" }).click();
    await target.getByText("pending, until house is back").waitFor();
    await stage.restartNode("house");
    await target.getByText("Kept at 23.5 °C: settled").waitFor({ timeout: 20_000 });
  });

  test("the page outlives the root's restart: it says what is old, catches up, and was not loaded again", async () => {
    await page.goto(`${stage.url}/console/`);
    await page.getByRole("treeitem").first().waitFor();
    await page.evaluate(() => Object.assign(globalThis, { isSame: true }));
    await stage.root.end("SIGKILL");
    await page.getByText("The root does not answer. What you see is from").waitFor();
    await page.locator(".picture.is-old").waitFor();
    await stage.startRoot();
    await page.getByText("The root does not answer").waitFor({ state: "detached", timeout: 15_000 });
    await page.getByText(/12 of 15 nodes here/).waitFor({ timeout: 20_000 });
    expect(await page.evaluate(() => (globalThis as { isSame?: boolean }).isSame)).toBe(true);
    expect(stage.troubles).toEqual([]);
  });

  test("of hundreds of nodes only the rows that can be seen are in the page, and the picture stays as large as its place", async () => {
    writeTokens(stage.bench.data, [...crowdIds(4, 50)]);
    const crowd = await Crowd.join(`ws://127.0.0.1:${stage.port}/node`, 4, 50);
    await page.getByText(/204 of \d+ nodes here/).waitFor({ timeout: 20_000 });
    expect(await page.getByRole("treeitem").count()).toBeLessThan(50);
    const heights = await page.locator("canvas").evaluateAll((all) => all.map((one) => one.clientHeight));
    expect(Math.max(...heights)).toBeLessThan(720);
    await page.getByRole("treeitem").first().focus();
    await page.keyboard.press("End");
    await page.getByRole("treeitem", { selected: true }).waitFor();
    expect(await page.getByLabel("Shape of the tree").inputValue()).toBe("crown");
    crowd.close();
  });
});

/** What axe finds, in light and in dark colours. */
async function axeInBothThemes(door: Page): Promise<string[]> {
  const found: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await door.evaluate((wanted) => Object.assign(document.documentElement.dataset, { theme: wanted }), colorScheme);
    const { violations } = await new AxeBuilder({ page: door })
      .setLegacyMode()
      .options({ resultTypes: ["violations"] })
      .analyze();
    for (const { id, nodes } of violations)
      found.push(`${new URL(door.url()).pathname}, ${colorScheme}: ${id} ${nodes.map(({ html }) => html).join(" | ")}`);
  }
  return found;
}

/** In the page: a serial port whose other end is with the test, as `toBoard` and `fromBoard`. */
function fakeSerial(): void {
  const { toBoard, fromBoard } = globalThis as unknown as {
    toBoard: (text: string) => Promise<void>;
    fromBoard: () => Promise<string>;
  };
  const port = {
    open: async () => {},
    close: async () => {},
    readable: new ReadableStream<Uint8Array>({
      pull: async (controller) => controller.enqueue(new TextEncoder().encode(await fromBoard())),
    }),
    writable: new WritableStream<Uint8Array>({ write: (bytes) => void toBoard(new TextDecoder().decode(bytes)) }),
  };
  Object.defineProperty(navigator, "serial", { value: { requestPort: async () => port } });
}
