/**
 * RootHost is the root on a PC: it brings `shared/root.ts` its bytes and time, performs its effects over sockets and disk, and
 * answers for it to the HTTP API. All decisions about nodes are in the core.
 *
 * Guarantee: what the core is told is stored is on disk. When the log fails, the core is told nothing more, so nothing more is
 * acknowledged, and `onFailed` is called once.
 */
import type { WebSocket } from "ws";
import type { ActOutcome, DesiredRow, NodeRow, RootEffect, Transaction, ValueRow } from "#shared/effect.ts";
import { Root } from "#shared/root.ts";
import { unreachable, type LinkId, type NodeId } from "#shared/units.ts";
import { Alarm } from "./alarm.ts";
import { ApiAccess, readOrMakeApiToken } from "./api/access.ts";
import { LiveEvents } from "./api/live-events.ts";
import { ApiTrouble } from "./api/reply.ts";
import { Api } from "./api/routes.ts";
import { SignIn } from "./api/sign-in.ts";
import type { ApiSource, Health, LinkKind, Stock } from "./api/source.ts";
import { monotonicNow, unixNow } from "./clock.ts";
import { makeDirectory } from "./file.ts";
import { HealthHistory, type Second } from "./health-history.ts";
import type { Chart, ChartQuery } from "./log/chart.ts";
import type { FoundEvents } from "./log/message.ts";
import { LogQueries } from "./log/queries.ts";
import type { EventQuery } from "./log/reader.ts";
import { logStock } from "./log/stock.ts";
import { GATHER_BYTES, LogStore, VALUES_AFTER_BYTES } from "./log/store.ts";
import { Pages } from "./pages.ts";
import { PeopleFile } from "./people/people.ts";
import { Sessions } from "./people/sessions.ts";
import { RootServer } from "./server.ts";
import { RadioLinks, type RadioOptions } from "./radio/radio-links.ts";
import { PC_TEXT } from "./text-codec.ts";
import { TokenFile } from "./tokens.ts";
import { Traffic, type NodeTraffic } from "./traffic.ts";
import { UnitBook } from "./unit-book.ts";
import { HOST_VERSION } from "./version.ts";
import { UpdateDesk } from "./update/update-desk.ts";
import { type LinkListener, WebSocketLinks } from "./websocket-links.ts";

/** `tokens.json` is looked at this often. Chosen: a revoked token ends within two seconds. */
export const TOKENS_EVERY_MILLIS = 1000;
/** Actions that wait for their outcome. Chosen: far more than people press buttons. */
const ACTS_MAX = 1000;
/** A commit that takes longer than this means the log does not take events. Chosen: a healthy disk needs milliseconds. */
const COMMIT_STALL_MILLIS = 10_000;
const ROOT_ID = "root" as NodeId;

export interface RootHostOptions {
  host: string;
  /** 0 for any free one. */
  port: number;
  directory: string;
  connectionsMax: number;
  /** Children by radio, through a dongle. */
  radio?: RadioOptions | undefined;
  /** The log has failed; the process should end. */
  onFailed(message: string): void;
  /** One line for the person in charge. */
  log(line: string): void;
  workerFile?: URL | undefined;
  /** Folder of the built console, beside this program if absent. */
  pages?: URL | undefined;
  synchronous?: string | undefined;
  /** How often `tokens.json` is looked at. */
  tokensEveryMillis?: number | undefined;
}

export class RootHost implements ApiSource {
  readonly startedAt = unixNow();
  private readonly options: RootHostOptions;
  private readonly tokenFile: TokenFile;
  private readonly links: WebSocketLinks;
  private readonly radio: RadioLinks | undefined;
  private readonly alarm: Alarm;
  private readonly live = new LiveEvents();
  private readonly traffics = new Traffic();
  private readonly history = new HealthHistory();
  private readonly units: UnitBook;
  private readonly queries: LogQueries;
  private readonly outcomes = new Map<number, (outcome: ActOutcome) => void>();
  private wishes: { rev: number; resolve: () => void; reject: (error: Error) => void }[] = [];
  private root!: Root;
  private store!: LogStore;
  private server!: RootServer;
  updates!: UpdateDesk;
  private tokensTimer: NodeJS.Timeout | undefined;
  private secondsTimer: NodeJS.Timeout | undefined;
  private outstanding: Transaction | undefined;
  private outstandingSince = 0;
  private linksMade = 0;
  private calls = 0;
  private commits = 0;
  private lastCommitMillis: number | null = null;
  private lastCommitAt: number | null = null;
  private trouble = "";
  private isStopping = false;

  /** Rejects with `Trouble` if the data directory is in use, the log is refused, or the address is taken. */
  static async start(options: RootHostOptions): Promise<RootHost> {
    const host = new RootHost(options);
    await host.open();
    return host;
  }

  private constructor(options: RootHostOptions) {
    this.options = options;
    this.tokenFile = new TokenFile(options.directory);
    this.units = new UnitBook(options.directory);
    this.queries = new LogQueries(options.directory, options.workerFile);
    const listener: LinkListener = {
      received: (link, text) => {
        if (!this.isStopping) this.perform(this.root.received(link, text, monotonicNow(), unixNow()));
      },
      closed: (link) => this.perform(this.root.closed(link, monotonicNow(), unixNow())),
      drained: (link) => this.perform(this.root.drained(link, monotonicNow(), unixNow())),
    };
    this.links = new WebSocketLinks(listener);
    if (options.radio !== undefined)
      this.radio = new RadioLinks(options.radio, {
        ...listener,
        newLink: () => ++this.linksMade as LinkId,
        opened: (link) => this.perform(this.root.opened(link, "" as NodeId, monotonicNow(), unixNow())),
        log: (line) => options.log(line),
      });
    this.alarm = new Alarm(
      () => this.root.wakeAt(),
      () => this.perform(this.root.tick(monotonicNow(), unixNow())),
      () => this.commitGathered(),
    );
  }

  get url(): string {
    return this.server.url;
  }

  private async open(): Promise<void> {
    const { directory, host, port, connectionsMax, onFailed, workerFile, synchronous } = this.options;
    makeDirectory(directory);
    this.tokenFile.refresh();
    this.store = await LogStore.open({
      directory,
      workerFile,
      synchronous,
      onStored: (tookMillis) => this.onStored(tookMillis),
      onFailed: (message) => {
        this.trouble = message;
        this.alarm.stop();
        onFailed(message);
      },
    });
    try {
      const checkToken = (id: string, token: string): boolean => this.tokenFile.isTokenOf(id, token);
      this.root = new Root(
        { id: ROOT_ID, valuesAfterBytes: VALUES_AFTER_BYTES, gatherBytes: GATHER_BYTES },
        this.store.image,
        PC_TEXT,
        checkToken,
      );
      const desk = { core: this.root, perform: (effects: readonly RootEffect[]) => this.perform(effects) };
      this.updates = new UpdateDesk(directory, desk, this.options.log);
      const people = new PeopleFile(directory);
      const sessions = new Sessions(directory, people);
      const access = new ApiAccess(readOrMakeApiToken(directory), host, sessions);
      this.server = await RootServer.listen({
        host,
        port,
        connectionsMax,
        api: new Api(this, access, this.live, new SignIn(access, people, sessions)),
        pages: new Pages(this.options.pages),
        idOfToken: (token) => this.tokenFile.idOf(token),
        connected: (socket, id) => this.connected(socket, id),
      });
    } catch (error) {
      await this.store.close();
      throw error;
    }
    this.perform(this.root.start(monotonicNow(), unixNow()));
    this.radio?.start();
    this.secondsTimer = setInterval(() => this.endSecond(), 1000);
    this.updates.open();
    this.tokensTimer = setInterval(() => this.refreshTokens(), this.options.tokensEveryMillis ?? TOKENS_EVERY_MILLIS);
  }

  /** Lets the commit under way finish and its acknowledgements go out, then closes links, log and port. */
  async stop(): Promise<void> {
    if (this.isStopping) return;
    this.isStopping = true;
    clearInterval(this.tokensTimer);
    clearInterval(this.secondsTimer);
    this.updates.close();
    // The reader first: the last to close the log's file is the one that tidies it up.
    await this.queries.close();
    await this.store.close();
    this.alarm.stop();
    for (const settle of this.outcomes.values()) settle({ ok: false, error: "offline" });
    for (const { reject } of this.wishes)
      reject(new ApiTrouble(503, "the root is stopping: set it again when it is back"));
    this.live.close();
    this.radio?.stop();
    this.links.closeAll(1001, "the root is stopping: dial again in a while");
    await this.server.close("the root is stopping: dial again in a while");
  }

  health(): Health {
    const waiting = this.outstanding === undefined ? null : monotonicNow() - this.outstandingSince;
    const isStalled = waiting !== null && waiting > COMMIT_STALL_MILLIS;
    return {
      ok: this.trouble === "" && !isStalled && !this.isStopping,
      trouble: isStalled ? `the disk has not answered for ${Math.round(waiting / 1000)} s` : this.trouble,
      version: HOST_VERSION,
      startedAt: this.startedAt,
      connections: this.server.connections,
      nodesUp: this.root.nodes().filter((node) => node.isUp).length,
      commits: this.commits,
      acksSent: this.root.acksSent,
      lastCommitMillis: this.lastCommitMillis,
      lastCommitAt: this.lastCommitAt,
      commitWaitingMillis: waiting,
      counters: this.root.counters,
      radio: this.radio?.health() ?? null,
    };
  }

  nodes(): NodeRow[] {
    return this.root.nodes();
  }

  node(id: string): NodeRow | undefined {
    return this.root.node(id);
  }

  linkKind(id: string): LinkKind | null {
    const link = this.root.roll.childLink(id);
    if (link === undefined) return null;
    return this.radio?.has(link) === true ? "esp-now" : "websocket";
  }

  values(node: string): ValueRow[] {
    return this.root.values(node);
  }

  desired(node: string): DesiredRow[] {
    return this.root.desired(node);
  }

  act(node: string, eid: string, value: unknown, ttlMillis: number): Promise<ActOutcome> {
    if (this.outcomes.size >= ACTS_MAX)
      return Promise.reject(new ApiTrouble(429, `${ACTS_MAX} actions wait for their outcome already: try again later`));
    const call = ++this.calls;
    return new Promise((resolve) => {
      this.outcomes.set(call, resolve);
      this.perform(this.root.act(call, node, eid, value, ttlMillis as never, monotonicNow(), unixNow()));
    });
  }

  set(node: string, eid: string, value: unknown): Promise<{ rev: number; error: string }> {
    const { rev, error, effects } = this.root.set(node, eid, value, monotonicNow(), unixNow());
    const onDisk = new Promise<void>((resolve, reject) => {
      if (error === "") this.wishes.push({ rev, resolve, reject });
      else resolve();
    });
    this.perform(effects);
    return onDisk.then(() => ({ rev, error }));
  }

  find(query: EventQuery, limit: number): Promise<FoundEvents> {
    return this.queries.find(query, limit);
  }

  chart(query: ChartQuery): Promise<Chart> {
    return this.queries.chart(query);
  }

  topology(at: number): Promise<NodeRow[]> {
    return this.queries.topology(ROOT_ID, at);
  }

  stock(): Stock {
    const nodes = this.root.nodes();
    const count = (of: (id: string) => unknown[]): number => nodes.reduce((sum, { id }) => sum + of(id).length, 0);
    return {
      ...logStock(this.options.directory),
      nodes: nodes.length,
      values: count((id) => this.root.values(id)),
      desired: count((id) => this.root.desired(id)),
    };
  }

  seconds(after: number): Second[] {
    return this.history.since(after);
  }

  traffic(node: string): NodeTraffic | undefined {
    return this.traffics.of(node);
  }

  unit(node: string, eid: string): string | null {
    return this.units.of(node, eid);
  }

  tokens(): { id: string; created: string }[] {
    return this.tokenFile.list();
  }

  addToken(id: string, isReplacing: boolean): string {
    const token = this.tokenFile.add(id, isReplacing);
    // Whoever had the old one is cut now, and not taken for somebody new.
    if (isReplacing) this.perform(this.root.revoked(id as NodeId, monotonicNow(), unixNow()));
    return token;
  }

  revokeToken(id: string): void {
    this.tokenFile.revoke(id);
    this.perform(this.root.revoked(id as NodeId, monotonicNow(), unixNow()));
  }

  private connected(socket: WebSocket, id: string): void {
    const link = ++this.linksMade as LinkId;
    this.links.attach(link, socket);
    this.perform(this.root.opened(link, id as NodeId, monotonicNow(), unixNow()));
  }

  private perform(effects: readonly RootEffect[]): void {
    for (const effect of effects) {
      switch (effect.kind) {
        case "send":
        case "close":
        case "pause":
        case "resume":
          if (this.radio?.has(effect.link) === true) this.radio.perform(effect);
          else this.links.perform(effect);
          break;
        case "store":
          this.outstanding = effect.transaction;
          this.outstandingSince = monotonicNow();
          this.store.store(effect.transaction);
          break;
        case "outcome":
          this.outcomes.get(effect.call)?.(effect.outcome);
          this.outcomes.delete(effect.call);
          break;
        default:
          unreachable(effect);
      }
    }
    this.alarm.touch();
  }

  private commitGathered(): void {
    if (this.isStopping) return;
    const effects = this.root.gathered();
    if (effects.length > 0) this.perform(effects);
  }

  private onStored(tookMillis: number): void {
    const transaction = this.outstanding;
    this.outstanding = undefined;
    this.commits++;
    this.lastCommitMillis = tookMillis;
    this.lastCommitAt = unixNow();
    this.perform(this.root.stored(monotonicNow(), unixNow()));
    if (transaction === undefined) return;
    const first = transaction.groups[0];
    const ackMillis = first === undefined ? null : Math.max(0, unixNow() - first.received);
    for (const group of transaction.groups) this.units.take(group);
    this.history.took({ ...this.traffics.take(transaction.groups), ackMillis });
    this.live.publish(transaction.groups);
    this.updates.stored(transaction);
    if (this.wishes.length > 0) this.settleWishes(transaction);
  }

  /** Revisions grow, so whatever is not above the newest on disk is on disk, or was replaced before it got there. */
  private settleWishes({ desired }: Transaction): void {
    const newest = desired.reduce((most, row) => Math.max(most, row.rev), 0);
    const done = this.wishes.filter(({ rev }) => rev <= newest);
    this.wishes = this.wishes.filter(({ rev }) => rev > newest);
    for (const { resolve } of done) resolve();
  }

  private endSecond(): void {
    this.units.turn();
    this.history.turn(unixNow(), {
      commits: this.commits,
      acks: this.root.acksSent,
      duplicates: this.root.counters["group known"] ?? 0,
      nodesUp: this.root.nodes().filter((node) => node.isUp).length,
    });
  }

  private refreshTokens(): void {
    try {
      for (const id of this.tokenFile.refresh()) {
        this.options.log(`the token of ${id} is no longer valid`);
        this.perform(this.root.revoked(id as NodeId, monotonicNow(), unixNow()));
      }
    } catch (error) {
      // Whoever is connected stays: a damaged file must not take the tree down.
      this.options.log(`${(error as Error).message} (the tokens read before stay valid)`);
    }
  }
}
