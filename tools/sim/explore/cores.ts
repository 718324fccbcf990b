/**
 * The cores of all states, each distinct one kept once, and what each does with each input, worked out once.
 *
 * A core is a function of its memory, its input and the time: shared/ has no clock and no chance of its own, and our dice are part
 * of the memory. So the second time a board in the same memory gets the same frame at the same time, its next memory and its
 * effects are looked up. Most steps of an exploration are such look-ups; that is where its speed comes from. A test plays on with
 * cores that were never copied, and compares.
 */
import type { Counters } from "#shared/table.ts";
import type { CoreCopier } from "./core-copy.ts";

/** What an input led to. */
export interface Move<Effect> {
  core: number;
  effects: readonly Effect[];
}

export class Cores<Core extends { counters: Counters }, Effect, Facts> {
  /** How many inputs were played rather than looked up. */
  played: number;
  /** Names of the counters that moved in any of them: which corners of shared/ the exploration has been to. */
  readonly corners: Set<string>;
  readonly copier: CoreCopier;
  private objects: Core[];
  private known: Facts[];
  private numbers: Map<string, number>;
  /** What each core does with each input, by the core's number; first what those do that were just made. */
  private births: Map<string, Move<Effect>>;
  private moves: Map<string, Move<Effect>>[];
  private look: (core: Core) => Facts;

  /** `look` gathers what invariants and steps ask about a core. */
  constructor(copier: CoreCopier, look: (core: Core) => Facts) {
    this.copier = copier;
    this.look = look;
    this.played = 0;
    this.corners = new Set();
    this.objects = [];
    this.known = [];
    this.numbers = new Map();
    this.births = new Map();
    this.moves = [];
  }

  get size(): number {
    return this.objects.length;
  }

  facts(number: number): Facts {
    return this.known[number] as Facts;
  }

  /** Its memory, written down. */
  text(number: number): string {
    return this.copier.text(this.objects[number] as Core);
  }

  private add(core: Core): number {
    const text = this.copier.text(core);
    const known = this.numbers.get(text);
    if (known !== undefined) return known;
    const number = this.objects.length;
    this.objects.push(core);
    this.known.push(this.look(core));
    this.numbers.set(text, number);
    return number;
  }

  /** A core that was just made takes its first input. `input` names both. */
  begin(input: string, make: () => Core, play: (core: Core) => Effect[]): Move<Effect> {
    return this.births.get(input) ?? this.remember(this.births, input, make(), play);
  }

  /** What that core does with that input; `input` names it, `play` gives it. */
  advance(number: number, input: string, play: (core: Core) => Effect[]): Move<Effect> {
    const moves = (this.moves[number] ??= new Map<string, Move<Effect>>());
    return moves.get(input) ?? this.remember(moves, input, this.copier.copy(this.objects[number] as Core), play);
  }

  private remember(
    moves: Map<string, Move<Effect>>,
    input: string,
    core: Core,
    play: (core: Core) => Effect[],
  ): Move<Effect> {
    this.played += 1;
    const effects = play(core);
    for (const name of Object.keys(core.counters)) this.corners.add(name);
    const move = { core: this.add(core), effects };
    moves.set(input, move);
    return move;
  }
}
