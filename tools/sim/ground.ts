/** Ground is what is played: one world, or one in parts. Whoever plays it need not know which. */
import type { WorldPlan } from "./plan.ts";
import type { World } from "./world.ts";

export interface Ground {
  readonly plan: WorldPlan;
  readonly now: number;
  /** Plays on for so many milliseconds. */
  run(millis: number): void;
  /** Does something to each part that is at hand. */
  each(deed: (world: World) => void): void;
  /** What somebody says of the first part of which there is something to say, or undefined: the same answer wherever it is asked. */
  first(look: (world: World) => string | undefined): string | undefined;
}
