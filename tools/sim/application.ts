/** Application is the program on a simulated board: readings, states and logs by the clock, answers to actions, desired values applied. */
import type { Message } from "#shared/wire/message.ts";
import type { NodeProcess } from "./node-process.ts";
import type { World } from "./world.ts";

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
    const traffic = this.node.plan.traffic ?? {};
    const pad = "x".repeat(traffic.padBytes ?? 0);
    const say = (event: Message): boolean => {
      if (pad !== "") event["pad"] = pad;
      return this.node.emit(event);
    };
    const entities = traffic.entities ?? 3;
    // A reading's value is the moment in which it was said: statistics.ts reads it from the disk.
    this.repeat(traffic.readingsEvery, () => say({ type: "reading", value: this.world.now }));
    this.repeat(traffic.statesEvery, () => {
      const eid = `entity.${this.turn++ % entities}`;
      return say({ type: "!update", eid, value: this.world.now });
    });
    this.repeat(traffic.logsEvery, () => say({ type: "!log", text: "all is well" }));
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

  private repeat(every: number | undefined, say: () => boolean): void {
    if (every === undefined) return;
    const life = this.node.life;
    const burst = this.node.plan.traffic?.burst ?? 1;
    const next = (): void => {
      if (life !== this.node.life || !this.world.isBusy) return;
      for (let i = 0; i < burst && say(); i++);
      this.world.later(every, next);
    };
    // Not all in one moment: boards are switched on one after the other.
    this.world.later(this.world.chance.between(0, every), next);
  }
}
