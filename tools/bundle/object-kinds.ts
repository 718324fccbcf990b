/**
 * Which properties of a bundle may belong to one object. No types are left in it, so this follows the objects: a class's and a literal's go from place
 * to place as they are assigned, passed, returned and put into arrays, and an object has all the properties that are read or written on
 * any place that it may come to.
 *
 * A place is a variable of a function, what the property of some name holds (whosever), a parameter or an answer of the function of some name, or an
 * element of an array in one of these.
 */
import type { AnyNode } from "acorn";
import { walk } from "./tree-walk.ts";

export function nameOf(key: AnyNode): string {
  return key.type === "Identifier" ? key.name : "";
}

/** The node that a property's name stands in, if it is written without quotes. */
export function keyOf(node: AnyNode): AnyNode | undefined {
  if (node.type === "MemberExpression") return node.computed ? undefined : (node.property as AnyNode);
  if (node.type === "Property" || node.type === "MethodDefinition") return node.computed ? undefined : node.key;
  return undefined;
}

/** Array's methods that answer an element, the array or a part of it, and those that give each element to a function. */
const ELEMENT = ["shift", "pop"];
const PART = ["slice", "splice", "concat", "filter", "reverse"];
const EACH = ["filter", "forEach", "map", "some", "every"];

type Function = AnyNode & { params: AnyNode[]; body: AnyNode };

function isFunction(node: AnyNode): node is Function {
  return /Function/.test(node.type);
}

/** What is around a node. */
interface Around {
  /** The outermost function, for arrows share its variables; "" at the top. */
  scope: string;
  /** The class whose `this` it is. */
  self: string;
  /** The function whose answer a `return` gives. */
  answer: string;
}

export class Kinds {
  /** Classes and literals, by the places where they may be. */
  private readonly objects = new Map<string, Set<string>>();
  private readonly ways = new Map<string, Set<string>>();
  /** What is read or written there. */
  private readonly names = new Map<string, Set<string>>();
  private readonly bases = new Map<string, string>();
  private readonly top = new Set<string>();
  private functions = 0;

  constructor(program: AnyNode & { type: "Program" }) {
    for (const statement of program.body as AnyNode[]) {
      if (statement.type === "VariableDeclaration")
        for (const one of statement.declarations) this.top.add(nameOf(one.id));
      if (statement.type === "FunctionDeclaration" || statement.type === "ClassDeclaration")
        this.top.add(nameOf(statement.id as AnyNode));
    }
    this.visit(program, { scope: "", self: "", answer: "" });
  }

  groups(): Set<string>[] {
    this.follow();
    const groups = new Map<string, Set<string>>();
    for (const [place, names] of this.names) {
      for (const object of this.objects.get(place) ?? [place]) {
        const group = groups.get(object) ?? new Set<string>();
        for (const name of names) group.add(name);
        groups.set(object, group);
      }
    }
    return [...groups.values()];
  }

  /** Sends all objects wherever they may go. */
  private follow(): void {
    for (const [from, targets] of this.ways) {
      for (const to of targets) {
        if (from.endsWith("[]") || to.endsWith("[]")) continue;
        // Of one array, whichever way it is reached, the elements are the same.
        this.way(`${from}[]`, `${to}[]`);
        this.way(`${to}[]`, `${from}[]`);
      }
    }
    // What comes from nowhere here (a file's JSON, what an application passes) is an object of its own.
    const reached = new Set([...this.ways.values()].flatMap((targets) => [...targets]));
    for (const place of [...this.ways.keys(), ...this.names.keys()]) if (!reached.has(place)) this.made(place);
    const due = new Set(this.objects.keys());
    for (const place of due) {
      due.delete(place);
      for (const to of this.ways.get(place) ?? []) {
        const there = this.objects.get(to) ?? new Set<string>();
        const before = there.size;
        for (const object of this.objects.get(place) ?? []) there.add(object);
        this.objects.set(to, there);
        if (there.size > before) due.add(to);
      }
    }
  }

  /** Whatever may be here may come to be there. */
  private way(from: string | undefined, to: string | undefined): void {
    if (from === undefined || to === undefined || from === to) return;
    const targets = this.ways.get(from) ?? new Set<string>();
    targets.add(to);
    this.ways.set(from, targets);
  }

  private made(place: string): string {
    if (!this.objects.has(place)) this.objects.set(place, new Set([place]));
    return place;
  }

  private add(place: string | undefined, name: string): void {
    if (place === undefined || name === "") return;
    const names = this.names.get(place) ?? new Set<string>();
    names.add(name);
    this.names.set(place, names);
  }

  private variable(name: string, around: Around): string {
    return this.top.has(name) ? ` ${name}` : `${around.scope} ${name}`;
  }

  /** The place that an expression stands for; undefined if it is none. */
  private place(node: AnyNode, around: Around): string | undefined {
    switch (node.type) {
      case "Identifier":
        return this.variable(node.name, around);
      case "ThisExpression":
        return around.self;
      case "MemberExpression": {
        const key = keyOf(node);
        if (key !== undefined) return `.${nameOf(key)}`;
        const array = this.place(node.object as AnyNode, around);
        return array === undefined ? undefined : `${array}[]`;
      }
      case "CallExpression":
        return this.answerOf(node.callee as AnyNode, around);
      case "NewExpression":
        return this.made(`class ${nameOf(node.callee as AnyNode)}`);
      case "ObjectExpression":
        return this.made(`literal ${node.start}`);
      case "ArrayExpression":
        return `array ${node.start}`;
      case "AssignmentExpression":
        return this.place(node.right, around);
      case "SequenceExpression":
        return this.place(node.expressions.at(-1) as AnyNode, around);
      case "ConditionalExpression":
        return this.either(node, [node.consequent, node.alternate], around);
      case "LogicalExpression":
        return this.either(node, [node.left, node.right], around);
      default:
        return undefined;
    }
  }

  private either(node: AnyNode, choices: readonly AnyNode[], around: Around): string {
    const place = `either ${node.start} ${node.end}`;
    for (const choice of choices) this.way(this.place(choice, around), place);
    return place;
  }

  private answerOf(callee: AnyNode, around: Around): string | undefined {
    if (callee.type === "Identifier") return `${callee.name}()`;
    if (callee.type !== "MemberExpression") return undefined;
    const name = nameOf(keyOf(callee) ?? callee);
    const on = this.place(callee.object as AnyNode, around);
    if (ELEMENT.includes(name)) return `${on}[]`;
    return PART.includes(name) ? on : `.${name}()`;
  }

  private visit(program: AnyNode, around: Around): void {
    walk(program, (node, parent) => {
      if (node === program) return true;
      if (node.type === "ClassDeclaration" || node.type === "ClassExpression") {
        this.visitClass(node, parent, around);
        return false;
      }
      if (isFunction(node)) {
        this.visitFunction(node, this.calledBy(node, parent, around), around);
        return false;
      }
      this.flow(node, around);
      return true;
    });
  }

  private visitClass(node: AnyNode, parent: AnyNode | undefined, around: Around): void {
    const { superClass, id } = node as { superClass?: AnyNode | null; id?: AnyNode | null };
    const owner = parent?.type === "VariableDeclarator" ? (parent.id as AnyNode) : id;
    const self = `class ${owner ? nameOf(owner) : node.start}`;
    if (superClass) {
      this.bases.set(self, nameOf(superClass));
      this.way(self, `class ${nameOf(superClass)}`);
    }
    this.made(self);
    this.visit(node, { ...around, self });
  }

  /** By what name a function is called, as far as it is known. */
  private calledBy(node: AnyNode, parent: AnyNode | undefined, around: Around): string {
    if (parent?.type === "MethodDefinition") {
      const name = nameOf(parent.key);
      this.add(around.self, name);
      return name === "constructor" ? around.self : `.${name}`;
    }
    if (node.type === "FunctionDeclaration") return nameOf(node.id as AnyNode);
    if (parent?.type === "VariableDeclarator") return nameOf(parent.id as AnyNode);
    if (parent?.type === "Property") return `.${nameOf(keyOf(parent) ?? node)}`;
    if (parent?.type === "AssignmentExpression") return (this.place(parent.left, around) ?? "").trim();
    return `function ${node.start}`;
  }

  private visitFunction(node: Function, name: string, around: Around): void {
    if (around.scope === "") this.functions += 1;
    const inner: Around = {
      scope: around.scope === "" ? String(this.functions) : around.scope,
      self: around.self,
      answer: `${name}()`,
    };
    for (const [at, parameter] of node.params.entries()) {
      this.way(`${name} ${at}`, this.variable(nameOf(parameter), inner));
    }
    if (node.body.type !== "BlockStatement") {
      this.way(this.place(node.body, inner), inner.answer);
      // The body itself may be of interest, and not only what is in it.
      this.visit({ type: "Program", body: [node.body], start: -1, end: -1, sourceType: "script" } as never, inner);
    } else this.visit(node.body, inner);
  }

  /** What goes from where to where in one node. */
  private flow(node: AnyNode, around: Around): void {
    switch (node.type) {
      case "MemberExpression":
        this.add(this.place(node.object as AnyNode, around), nameOf(keyOf(node) ?? node));
        break;
      case "ObjectExpression":
        for (const member of node.properties) {
          const name = nameOf(keyOf(member) ?? node);
          this.add(this.made(`literal ${node.start}`), name);
          if (member.type === "Property") this.way(this.place(member.value, around), `.${name}`);
        }
        break;
      case "ArrayExpression":
        for (const one of node.elements) {
          if (one) this.way(this.place(one as AnyNode, around), `array ${node.start}[]`);
        }
        break;
      case "VariableDeclarator":
        if (node.init) this.way(this.place(node.init, around), this.place(node.id as AnyNode, around));
        break;
      case "AssignmentExpression":
        this.way(this.place(node.right, around), this.place(node.left as AnyNode, around));
        break;
      case "ReturnStatement":
        if (node.argument) this.way(this.place(node.argument, around), around.answer);
        break;
      case "ForOfStatement":
        if (node.left.type === "VariableDeclaration") {
          const array = this.place(node.right, around);
          const each = this.place(node.left.declarations[0]?.id as AnyNode, around);
          if (array !== undefined) this.way(`${array}[]`, each);
        }
        break;
      case "CallExpression":
      case "NewExpression":
        this.call(node.callee as AnyNode, node.type === "NewExpression", node.arguments as AnyNode[], around);
        break;
      default:
    }
  }

  private call(callee: AnyNode, isNew: boolean, given: readonly AnyNode[], around: Around): void {
    const on = callee.type === "MemberExpression" ? this.place(callee.object as AnyNode, around) : undefined;
    const method = nameOf(keyOf(callee) ?? callee);
    let name = callee.type === "MemberExpression" ? `.${method}` : method;
    if (isNew) name = `class ${method}`;
    if (callee.type === "Super") name = `class ${this.bases.get(around.self) ?? ""}`;
    for (const [at, one] of given.entries()) {
      const place = this.place(one, around);
      this.way(place, `${name} ${at}`);
      if (on !== undefined && (method === "push" || method === "concat"))
        this.way(place, method === "push" ? `${on}[]` : on);
      // The function's parameters are variables of the scope around.
      if (
        on !== undefined &&
        EACH.includes(method) &&
        isFunction(one) &&
        one.params[0] !== undefined &&
        around.scope !== ""
      ) {
        this.way(`${on}[]`, this.variable(nameOf(one.params[0]), around));
      }
    }
  }
}

/** Groups of names: some object may have all of a group. */
export function namesTogether(program: AnyNode & { type: "Program" }): Set<string>[] {
  return new Kinds(program).groups();
}
