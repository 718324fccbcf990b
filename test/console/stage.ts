/**
 * What the console is tested on: a root as a process, the tree of `make run` with 13 emulated nodes in this one, people of each role, and a
 * browser. Whatever is started is ended by `close`.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { PeopleFile } from "#host/people/people.ts";
import { TokenFile } from "#host/tokens.ts";
import { startTree } from "#tools/demo/emulated-tree.ts";
import { planTree } from "#tools/demo/plan.ts";
import { readWeather } from "#tools/demo/readings.ts";
import type { EmulatedNode } from "#tools/emulator/emulate.ts";
import { Bench, freePort, type Running, until } from "../e2e/processes.ts";
import { startBrowser } from "./chromium.ts";

export const PASSWORD = "a password of tests";
/** Readings a leaf replays in a second. */
const EVERY_MILLIS = 250;

type State = Exclude<BrowserContextOptions["storageState"], string | undefined>;

export class Stage {
  readonly bench = new Bench();
  readonly port: number;
  readonly tokens: TokenFile;
  readonly nodes = new Map<string, EmulatedNode>();
  browser!: Browser;
  root!: Running;
  /** What went wrong in pages, which no test expects. */
  readonly troubles: string[] = [];
  private readonly starts = new Map<string, () => EmulatedNode>();
  private readonly states = new Map<string, State>();

  private constructor(port: number) {
    this.port = port;
    mkdirSync(this.bench.data, { recursive: true });
    this.tokens = new TokenFile(this.bench.data);
  }

  static async open(): Promise<Stage> {
    const stage = new Stage(await freePort());
    const people = new PeopleFile(stage.bench.data);
    for (const role of ["look", "act", "administer"] as const) await people.add(role, role, PASSWORD);
    [stage.browser, stage.root] = await Promise.all([startBrowser(), stage.bench.root(stage.port)]);
    return stage;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The tree of `make run`. */
  async grow(): Promise<void> {
    const plan = planTree(readWeather("examples/weather/seattle-weather.csv"));
    const running = await startTree(plan, {
      folder: join(this.bench.folder, "flash"),
      firmware: "dist/firmware",
      rootPort: this.port,
      tokenOf: (id) => this.tokens.add(id, false),
      everyMillis: EVERY_MILLIS,
      log: () => {},
    });
    for (const { id, node, start } of running) {
      this.nodes.set(id, node);
      this.starts.set(id, start);
    }
    await until(
      async () => (await this.upNodes()).length === plan.length,
      20_000,
      () => "not all nodes came",
    );
  }

  /** After it was ended: on the same port, with the same data. */
  async startRoot(): Promise<void> {
    this.root = await this.bench.root(this.port);
  }

  /** After it was stopped: the same node, as after a power cut. */
  async restartNode(id: string): Promise<void> {
    const start = this.starts.get(id);
    if (start !== undefined) this.nodes.set(id, start());
  }

  async get<T>(path: string): Promise<T> {
    return (await (await fetch(this.url + path)).json()) as T;
  }

  async upNodes(): Promise<string[]> {
    const { nodes } = await this.get<{ nodes: { id: string; up: boolean }[] }>("/api/nodes");
    return nodes.filter(({ up }) => up).map(({ id }) => id);
  }

  /** A browser of its own, in which that person is signed in. */
  async signedIn(name: string, options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const state = this.states.get(name);
    if (state !== undefined) return this.browser.newContext({ ...options, storageState: state });
    const context = await this.browser.newContext(options);
    const answer = await context.request.post(`${this.url}/api/session`, { data: { name, password: PASSWORD } });
    if (!answer.ok()) throw new Error(`${name} could not sign in: ${await answer.text()}`);
    this.states.set(name, await context.storageState());
    return context;
  }

  async page(context: BrowserContext, path = ""): Promise<Page> {
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    page.on("pageerror", (error) => this.troubles.push(`${path}: ${error.message}`));
    page.on("console", (message) => {
      // A request that is refused, or that finds no root, is said there too; tests provoke both.
      if (message.type() === "error" && !/Failed to load resource|net::ERR/.test(message.text()))
        this.troubles.push(`${path}: ${message.text()}`);
    });
    await page.goto(`${this.url}/console/${path}`);
    return page;
  }

  async close(): Promise<void> {
    for (const node of this.nodes.values()) node.stop();
    await this.browser.close();
    await this.bench.close();
  }
}
