/** What the tree's picture, list and card share: what is searched, folded and chosen, and of what moment the tree is. */
import { computed, signal } from "@preact/signals";
import { byName } from "../picture/layout.ts";
import { ask } from "../api.ts";
import { model as liveModel, movedShown } from "../store/live.ts";
import { Model, type NodeJson, type TreeNode } from "../store/model.ts";

export interface Row {
  node: TreeNode;
  depth: number;
  /** Direct children; 0 for a leaf. */
  children: number;
  isFolded: boolean;
  /** Its place among its siblings, from 1, and how many there are. */
  place: number;
  siblings: number;
}

export class TreeState {
  /** The moment that is looked at, milliseconds since 1970; undefined: now. */
  readonly past = signal<number | undefined>(undefined);
  readonly model = signal(liveModel);
  readonly trouble = signal("");
  readonly search = signal("");
  readonly folded = signal<ReadonlySet<string>>(new Set());
  readonly selected = signal<string | undefined>(undefined);
  /** Where the pointer is; not for touch. */
  readonly hovered = signal<string | undefined>(undefined);

  /** The nodes that fit the search; undefined while there is none. */
  readonly found = computed<Set<string> | undefined>(() => {
    void movedShown.value;
    const model = this.model.value;
    const wanted = this.search.value.trim().toLowerCase();
    if (wanted === "") return undefined;
    const fits = ({ id, fw, entities }: TreeNode): boolean =>
      id.toLowerCase().includes(wanted) ||
      fw.toLowerCase().includes(wanted) ||
      [...entities.keys()].some((eid) => eid.toLowerCase().includes(wanted));
    return new Set([...model.nodes.values()].filter(fits).map(({ id }) => id));
  });

  /** The list from the top down: of a search what was found and the way to it. */
  readonly rows = computed<Row[]>(() => {
    void movedShown.value;
    const model = this.model.value;
    const found = this.found.value;
    const kept = found === undefined ? undefined : new Set([...found].flatMap((id) => [id, ...model.way(id)]));
    const children = new Map<string, TreeNode[]>();
    for (const node of model.nodes.values()) {
      if (kept !== undefined && !kept.has(node.id)) continue;
      const parent = model.nodes.has(node.parent) ? node.parent : "root";
      const list = children.get(parent);
      if (list === undefined) children.set(parent, [node]);
      else list.push(node);
    }
    const rows: Row[] = [];
    const walk = (parent: string, depth: number): void => {
      const list = (children.get(parent) ?? []).sort((a, b) => byName(a.id, b.id));
      list.forEach((node, at) => {
        const count = children.get(node.id)?.length ?? 0;
        const isFolded = count > 0 && found === undefined && this.folded.value.has(node.id);
        rows.push({ node, depth, children: count, isFolded, place: at + 1, siblings: list.length });
        if (!isFolded && depth < 20) walk(node.id, depth + 1);
      });
    };
    walk("root", 1);
    return rows;
  });

  /** The tree as it was, from the root's log; undefined: as it is. */
  async look(at: number | undefined): Promise<void> {
    this.trouble.value = "";
    if (at === undefined) {
      this.past.value = undefined;
      this.model.value = liveModel;
      return;
    }
    try {
      const { nodes } = await ask<{ nodes: NodeJson[] }>("GET", `/api/topology?at=${at}`);
      const model = new Model();
      model.load(0, nodes, [], []);
      this.past.value = at;
      this.model.value = model;
    } catch (error) {
      this.trouble.value = (error as Error).message;
    }
  }

  fold(id: string, isFolded: boolean): void {
    const folded = new Set(this.folded.value);
    if (isFolded) folded.add(id);
    else folded.delete(id);
    this.folded.value = folded;
  }
}
