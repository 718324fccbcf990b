/**
 * Espruino's `Wifi` as a station of a router that the test plays, as far as the firmware uses it: connecting, the two events, the channel that the router
 * dictates, and how much power is to be saved, of which nothing follows here. Not faithful: sockets live on while the router is away, as they would for a while.
 */
import { EngineEmitter, type EngineTurns } from "./engine-events.ts";
import type { MakeError } from "./engine-net.ts";

/** A router, for any number of emulated chips. */
export class Router {
  private channelNow: number;
  private isOnNow = true;
  /** What its stations have said of saving power, the latest last. */
  readonly powersaves: string[] = [];
  private readonly watchers = new Set<() => void>();

  constructor(channel: number) {
    this.channelNow = channel;
  }

  get channel(): number {
    return this.channelNow;
  }

  /** Goes to another channel, and its stations with it: nobody tells the program. */
  set channel(channel: number) {
    this.channelNow = channel;
  }

  get isOn(): boolean {
    return this.isOnNow;
  }

  set isOn(isOn: boolean) {
    this.isOnNow = isOn;
    for (const watcher of this.watchers) watcher();
  }

  watch(watcher: () => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }
}

export class EngineWifi extends EngineEmitter {
  private readonly router: Router;
  private isConnected = false;
  private powersave = "min";
  private readonly makeError: MakeError;
  /** Stops watching the router. */
  readonly stop: () => void;

  constructor(turns: EngineTurns, router: Router, makeError: MakeError) {
    super(turns);
    this.router = router;
    this.makeError = makeError;
    this.stop = router.watch(() => {
      if (router.isOn || !this.isConnected) return;
      this.isConnected = false;
      this.emitLater("disconnected", {});
    });
  }

  /** What the program gets from require("Wifi"). */
  library(): object {
    return {
      on: (event: string, listener: (...values: never[]) => void) => this.on(event, listener),
      getStatus: () => ({
        powersave: this.powersave,
        ...(this.isConnected ? { station: "connected", channel: this.router.channel } : { station: "disconnected" }),
      }),
      setConfig: ({ powersave }: { powersave: string }) => {
        if (!["none", "min", "max"].includes(powersave)) throw this.makeError("Unknown powersave mode");
        this.powersave = powersave;
        this.router.powersaves.push(powersave);
      },
      connect: (_ssid: string, _options: object, done: (error: unknown) => void) => {
        this.isConnected = this.router.isOn;
        if (this.isConnected) this.emitLater("connected", {});
        else this.emitLater("disconnected", {});
        this.turns.later(() => done(this.isConnected ? null : "no access point"));
      },
    };
  }
}
