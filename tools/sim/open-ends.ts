/**
 * OpenEnds finds what has not settled yet in a world, or in a part of one. What was open last is looked at first, and all the rest
 * only once that is well: where ten thousand nodes are to settle, most looks are at one of them.
 */
import type { NodeProcess } from "./node-process.ts";
import type { World } from "./world.ts";

export class OpenEnds {
  private readonly world: World;
  private readonly nodes: NodeProcess[];
  private readonly ids: string[];
  /** Whose turn it is to be looked at. */
  private nodeTurn = 0;
  private idTurn = 0;

  /** Who is there must stay the same from here on. */
  constructor(world: World) {
    this.world = world;
    this.nodes = [...world.nodes.values()];
    // The root knows everybody, wherever they are.
    this.ids = world.holds("root") ? [...world.ids()] : [];
  }

  /** In words, or undefined if there is none. */
  find(): string | undefined {
    for (let i = 0; i < this.nodes.length; i++) {
      const open = this.atNode(this.nodes[this.nodeTurn] as NodeProcess);
      if (open !== undefined) return open;
      this.nodeTurn = (this.nodeTurn + 1) % this.nodes.length;
    }
    for (let i = 0; i < this.ids.length; i++) {
      const open = this.atRoot(this.ids[this.idTurn] as string);
      if (open !== undefined) return open;
      this.idTurn = (this.idTurn + 1) % this.ids.length;
    }
    const calls = this.world.openCalls;
    return calls === 0 ? undefined : `${calls} calls have no outcome`;
  }

  private atNode(node: NodeProcess): string | undefined {
    if (!node.isUp) return `${node.name} is down`;
    if (!node.core.isJoined()) return `${node.name} has not joined`;
    const backlog = node.core.backlog();
    return backlog === 0 ? undefined : `${node.name} still holds ${backlog} events`;
  }

  private atRoot(id: string): string | undefined {
    const { core } = this.world.root;
    const row = core.node(id);
    if (row === undefined || !row.isUp) return `the root takes ${id} for away`;
    if (row.via.join() !== this.world.pathOf(id).join()) return `the root looks for ${id} behind ${row.via.join()}`;
    const open = core.desired(id).find((desired) => !desired.isSettled);
    return open === undefined ? undefined : `${id} has not taken ${open.eid} = ${JSON.stringify(open.value)}`;
  }
}
