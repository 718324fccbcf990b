/** The first state of a world: everything is switched on in this instant, or all boards that can join have joined. */
import { NEW_APP } from "./applications.ts";
import { Healer } from "./heal.ts";
import type { Setting } from "./setting.ts";
import { KINDS } from "./small-world.ts";
import { NONE, OFF, type Snapshot } from "./snapshot.ts";
import { Stage } from "./stage.ts";

export function startOf(setting: Setting): Snapshot {
  const start = switchedOn(setting);
  return setting.world.start === "off" ? start : new Healer(setting).joined(start);
}

/** The root's first commit is done: before it there is nobody to say anything to. */
function switchedOn(setting: Setting): Snapshot {
  const boards = setting.world.boards;
  const zeros = boards.map(() => 0);
  const stage = new Stage(setting, {
    now: 0,
    root: OFF,
    boards: boards.map(() => OFF),
    lives: zeros,
    flashes: boards.map(({ keeps }) => setting.flashes.number(keeps === true ? "[]" : "")),
    left: setting.left.number([]),
    apps: boards.map(() => setting.apps.number(NEW_APP)),
    parents: boards.map(({ parent }) => parent),
    dials: zeros,
    links: [0, ...zeros],
    wires: [],
    owed: [],
    disk: 0,
    storing: NONE,
    acts: setting.acts.number([]),
    budget: KINDS.map((kind) => setting.world.budget[kind] ?? 0),
  });
  stage.bootRoot();
  stage.commit();
  boards.forEach((_, board) => stage.boot(board));
  return stage.state;
}
