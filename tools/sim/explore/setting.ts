/** Setting is what all states of one exploration have in common: the world, its programs, and the stores that states hold numbers of. */
import { Disks } from "./disks.ts";
import { Interned } from "./interned.ts";
import { Players } from "./players.ts";
import type { SmallWorld } from "./small-world.ts";
import { type App, Frames, type LeftBehind, type SentAct } from "./snapshot.ts";

export class Setting {
  readonly world: SmallWorld;
  readonly frames = new Frames();
  readonly disks: Disks;
  readonly flashes = new Interned<string>();
  readonly left = new Interned<readonly LeftBehind[]>();
  readonly apps = new Interned<App>();
  readonly acts = new Interned<readonly SentAct[]>();
  readonly players: Players;

  constructor(world: SmallWorld) {
    this.world = world;
    this.disks = new Disks(world.boards.flatMap(({ keeps }, board) => (keeps === true ? [board] : [])));
    this.players = new Players(world, this.frames, this.disks);
  }
}
