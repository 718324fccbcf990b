/** Application is the program on a simulated board: readings, states and logs by the clock, answers to actions, desired values applied. */
import type { Message } from "#shared/wire/message.ts";
import type { NodeProcess } from "./node-process.ts";
import type { Happening } from "./queue.ts";
import type { World } from "./world.ts";

type Kind = "reading" | "state" | "log";

/** Entities of a node that says states, if its plan does not say how many. */
const ENTITIES = 3;
/** An entity that can be set says so again after this long, if the core did not take its word. */
const RETRY_MILLIS = 1000;
/** How long an action takes on the board. */
const ACT_MILLIS = 20;

export class Application {
  private readonly world: World;
  private readonly node: NodeProcess;
  private turn = 0;

  constructor(world: World, node: NodeProcess) {
    this.world = world;
    this.node = node;
  }

  start(): void {
    const { readingsEvery, statesEvery, logsEvery } = this.node.plan.traffic ?? {};
    this.repeat(readingsEvery, "reading");
    this.repeat(statesEvery, "state");
    this.repeat(logsEvery, "log");
  }

  /** Says something of a kind. Whether the core took it. */
  say(kind: Kind): boolean {
    const { traffic } = this.node.plan;
    const event = this.event(kind, traffic?.entities ?? ENTITIES);
    if (traffic?.padBytes !== undefined && traffic.padBytes > 0) event["pad"] = "x".repeat(traffic.padBytes);
    return this.node.emit(event);
  }

  private event(kind: Kind, entities: number): Message {
    // A reading's value is the moment in which it was said: statistics.ts reads it from the disk.
    if (kind === "reading") return { type: "reading", value: this.world.now };
    if (kind === "log") return { type: "!log", text: "all is well" };
    return { type: "!update", eid: `entity.${this.turn++ % entities}`, value: this.world.now };
  }

  /** An action from the root: done after a while, and answered. */
  act(id: string, value: unknown): void {
    const life = this.node.life;
    this.world.later(ACT_MILLIS, () => {
      if (life === this.node.life) this.node.answer(id, value);
    });
  }

  /** A desired value: applied at once, and reported until the core takes it. */
  set(eid: string, value: unknown, rev: number): void {
    const life = this.node.life;
    this.world.later(0, () => {
      if (life !== this.node.life || this.node.emit({ type: "!update", eid, value, rev })) return;
      this.world.later(RETRY_MILLIS, () => {
        if (life === this.node.life) this.set(eid, value, rev);
      });
    });
  }

  private repeat(every: number | undefined, kind: Kind): void {
    if (every === undefined) return;
    // Not all in one moment: boards are switched on one after the other.
    const { world, node } = this;
    world.at(world.now + world.chance.between(0, every), new Habit(world, node, kind, every));
  }
}

/** Says things of a kind again and again, while this life of the board lasts. */
class Habit implements Happening {
  private readonly world: World;
  private readonly node: NodeProcess;
  private readonly kind: Kind;
  private readonly every: number;
  private readonly life: number;

  constructor(world: World, node: NodeProcess, kind: Kind, every: number) {
    this.world = world;
    this.node = node;
    this.kind = kind;
    this.every = every;
    this.life = node.life;
  }

  happen(): void {
    if (this.life !== this.node.life || !this.world.isBusy) return;
    const burst = this.node.plan.traffic?.burst ?? 1;
    for (let i = 0; i < burst && this.node.application.say(this.kind); i++);
    this.world.at(this.world.now + this.every, this);
  }
}
