/**
 * One call with its callee's body in its place: as statements where it stands as one, or can be put before the one that it is a part of; else as an
 * expression. undefined where neither can be said.
 */
import type { AnyNode } from "acorn";
import { type MovedEdit, type Part, edited } from "./moved-text.ts";
import {
  assignedIn,
  bodyOf,
  declaredIn,
  fallsThrough,
  holds,
  isFunction,
  isVariable,
  returns,
  type FunctionNode,
  type Of,
} from "./scopes.ts";
import { walk } from "./tree-walk.ts";

/** Something that is called once. */
export interface Once {
  name: string;
  definition: AnyNode;
  callee: FunctionNode;
  call: Of<"CallExpression">;
  /** What is around the call, outermost first. */
  around: AnyNode[];
}

/** What becomes of an answer. */
type Use = "drop" | "return" | { target: Part[] };

/** An expression as it may stand behind a declaration's `=`: of a sequence in parentheses, its place is within those. */
function alone(node: AnyNode): Part[] {
  return node.type === "SequenceExpression" ? ["(", node, ")"] : [node];
}

/** One call, and its callee's body in its place. */
export class Inlining {
  /** Variables that the caller has to declare. */
  readonly hoisted: string[] = [];
  private readonly once: Once;
  private readonly mark: string;
  /** What is different in the callee's body. */
  private readonly changes: MovedEdit[] = [];
  private readonly bindings: { name: string; value: Part[] }[] = [];
  private readonly stable: (node: AnyNode) => boolean;
  private readonly hasCaptured: boolean;

  /** `everywhere`: names of variables that the program sets after their declaration. */
  constructor(once: Once, caller: AnyNode, everywhere: ReadonlySet<string>, number: number) {
    this.once = once;
    this.mark = `$${number}`;
    const assigned = assignedIn(caller);
    const declared = declaredIn(caller);
    this.stable = (node) =>
      node.type === "Literal" ||
      node.type === "ThisExpression" ||
      (node.type === "UnaryExpression" && this.stable(node.argument)) ||
      (node.type === "Identifier" && !(declared.has(node.name) ? assigned : everywhere).has(node.name));
    this.hasCaptured = this.rename();
  }

  /** Gives the callee's variables, parameters and `this` what they are in the caller. Answers whether an inner function uses one of its variables. */
  private rename(): boolean {
    const { callee, call } = this.once;
    const own = assignedIn(callee.body);
    const names = declaredIn(callee);
    const given = new Map<string, Part[]>();
    for (const [at, parameter] of callee.params.entries()) {
      const { name } = parameter as Of<"Identifier">;
      const argument = call.arguments[at] as AnyNode | undefined;
      if (argument === undefined && !own.has(name)) given.set(name, ["void 0"]);
      else if (argument !== undefined && !own.has(name) && this.stable(argument)) given.set(name, [argument]);
      else this.bindings.push({ name: name + this.mark, value: argument === undefined ? ["void 0"] : alone(argument) });
    }
    let self: Part[] | undefined;
    const target = call.callee as AnyNode;
    if (target.type === "MemberExpression") {
      const object = target.object as AnyNode;
      let uses = 0;
      walk(callee.body, (node) => {
        if (node.type === "ThisExpression") uses += 1;
        return true;
      });
      const isPlain = this.stable(object);
      if (isPlain || uses < 1) self = [object];
      else {
        self = [`self${this.mark}`];
        this.bindings.unshift({ name: `self${this.mark}`, value: [object] });
      }
    }
    let hasCaptured = false;
    const visit = (root: AnyNode, depth: number, from: AnyNode | undefined): void =>
      walk(
        root,
        (node, parent) => {
          if (node !== root && isFunction(node)) {
            visit(node, depth + 1, parent);
            return false;
          }
          if (node.type === "ThisExpression" && self !== undefined)
            this.changes.push({ start: node.start, end: node.end, parts: self });
          const isDeclared = parent !== undefined && isFunction(parent) && (parent.params as AnyNode[]).includes(node);
          if (!isVariable(node, parent) || !names.has(node.name)) return true;
          const renamed = given.get(node.name) ?? [node.name + this.mark];
          if (depth > 0 && !isDeclared && !given.has(node.name)) hasCaptured = true;
          const isShort = parent?.type === "Property" && parent.shorthand;
          this.changes.push({
            start: node.start,
            end: node.end,
            parts: isShort ? [`${node.name}: `, ...renamed] : renamed,
          });
          return true;
        },
        from,
      );
    visit(callee.body, 0, callee as AnyNode);
    return hasCaptured;
  }

  /** A piece of the callee. */
  private code(node: AnyNode): Part[] {
    return edited(node.start, node.end, this.changes);
  }

  private give(value: AnyNode | null | undefined, use: Use): Part[] {
    const parts = value ? ["(", ...this.code(value), ")"] : ["void 0"];
    if (use === "drop") return value ? [...parts, ";"] : [];
    return use === "return" ? ["return ", ...parts, ";"] : [...use.target, " = ", ...parts, ";"];
  }

  /** The callee's body as statements, with an end of its own instead of each `return`. */
  private withoutReturns(statements: readonly AnyNode[], use: Use): Part[] | undefined {
    const [first, ...rest] = statements;
    if (first === undefined) return use === "drop" ? [] : this.give(undefined, use);
    if (first.type === "ReturnStatement") return this.give(first.argument, use);
    if (!returns(first)) {
      const after = this.withoutReturns(rest, use);
      return after && [...this.code(first), "\n", ...after];
    }
    if (first.type === "BlockStatement") {
      const inner = this.withoutReturns([...first.body, ...rest], use);
      return inner && ["{", ...inner, "}"];
    }
    if (first.type !== "IfStatement") return undefined;
    const yes = bodyOf(first.consequent);
    const no = first.alternate ? bodyOf(first.alternate) : [];
    if (rest.length > 0 && fallsThrough(yes) && fallsThrough(no)) return undefined;
    const then = this.withoutReturns(fallsThrough(yes) ? [...yes, ...rest] : yes, use);
    const otherwise = this.withoutReturns(fallsThrough(no) ? [...no, ...rest] : no, use);
    return then && otherwise && ["if (", ...this.code(first.test), ") {", ...then, "} else {", ...otherwise, "}"];
  }

  /** The call as the declaration of a variable, if the callee returns at its end alone. */
  private declaration(name: Part[]): Part[] | undefined {
    const body = bodyOf(this.once.callee.body);
    const last = body.at(-1);
    const before = body.slice(0, -1);
    if (last?.type !== "ReturnStatement" || !last.argument || before.some(returns)) return undefined;
    const head: Part[] = this.bindings.flatMap((one) => [`let ${one.name} = `, ...one.value, ";"]);
    return [
      ...head,
      ...before.flatMap((one) => [...this.code(one), "\n"]),
      "let ",
      ...name,
      " = (",
      ...this.code(last.argument),
      ");",
    ];
  }

  /** The call as statements; undefined if it cannot be. */
  private statements(use: Use): Part[] | undefined {
    const body = bodyOf(this.once.callee.body);
    const head: Part[] = this.bindings.flatMap(({ name, value }) => [`let ${name} = `, ...value, ";"]);
    if (use === "return") {
      const end = fallsThrough(body) ? ["return;"] : [];
      return [...head, ...body.flatMap((one) => [...this.code(one), "\n"]), ...end];
    }
    const parts = this.withoutReturns(body, use);
    return parts && [...head, ...parts];
  }

  /** The call as an expression; undefined if it cannot be. */
  expression(): Part[] | undefined {
    if (this.hasCaptured) return undefined;
    const before = this.hoisted.length;
    const value = this.valueOf(bodyOf(this.once.callee.body));
    if (value === undefined) {
      this.hoisted.length = before;
      return undefined;
    }
    for (const { name } of this.bindings) this.hoisted.push(name);
    const head: Part[] = this.bindings.flatMap(({ name, value: bound }) => [`${name} = `, ...bound, ", "]);
    return ["(", ...head, ...value, ")"];
  }

  private valueOf(statements: readonly AnyNode[]): Part[] | undefined {
    const [first, ...rest] = statements;
    if (first === undefined) return ["void 0"];
    if (first.type === "ReturnStatement") return first.argument ? ["(", ...this.code(first.argument), ")"] : ["void 0"];
    const isLast = rest.length === 0;
    switch (first.type) {
      case "ExpressionStatement": {
        const after = isLast ? [] : this.valueOf(rest);
        return after && ["(", ...this.code(first.expression), ")", ...(isLast ? [] : [", "]), ...after];
      }
      case "BlockStatement":
        return this.valueOf([...first.body, ...rest]);
      case "VariableDeclaration": {
        const after = this.valueOf(rest);
        const sets: Part[] = [];
        for (const { id, init } of first.declarations) {
          const name = (id as Of<"Identifier">).name + this.mark;
          this.hoisted.push(name);
          sets.push(`${name} = `, ...(init ? ["(", ...this.code(init), ")"] : ["void 0"]), ", ");
        }
        return after && [...sets, ...after];
      }
      case "IfStatement": {
        const yes = bodyOf(first.consequent);
        const no = first.alternate ? bodyOf(first.alternate) : [];
        const isPlain = !returns(first);
        if (!isPlain && !isLast && fallsThrough(yes) && fallsThrough(no)) return undefined;
        const then = this.valueOf(!isPlain && fallsThrough(yes) ? [...yes, ...rest] : yes);
        const otherwise = this.valueOf(!isPlain && fallsThrough(no) ? [...no, ...rest] : no);
        const after = isPlain && !isLast ? this.valueOf(rest) : [];
        if (!then || !otherwise || !after) return undefined;
        return [
          "((",
          ...this.code(first.test),
          ") ? (",
          ...then,
          ") : (",
          ...otherwise,
          "))",
          ...(after.length > 0 ? [", "] : []),
          ...after,
        ];
      }
      default:
        return undefined;
    }
  }

  /** A piece of the caller, in which the call has become `value`. */
  private around(node: AnyNode, value: Part[]): Part[] {
    const { call } = this.once;
    return edited(node.start, node.end, [{ start: call.start, end: call.end, parts: value }]);
  }

  /** Whether nothing that is evaluated in there before the call can tell, or be told by, whether the call was before it. */
  private isFirst(node: AnyNode): boolean {
    const { call } = this.once;
    if (node === call) return true;
    switch (node.type) {
      case "UnaryExpression":
        return this.isFirst(node.argument);
      case "LogicalExpression":
      case "BinaryExpression":
        if (holds(node.left, call)) return this.isFirst(node.left as AnyNode);
        return node.type === "BinaryExpression" && this.stable(node.left as AnyNode) && this.isFirst(node.right);
      case "ConditionalExpression":
        return holds(node.test, call) && this.isFirst(node.test);
      case "MemberExpression":
        return holds(node.object, call) && this.isFirst(node.object as AnyNode);
      case "CallExpression": {
        if (holds(node.callee, call)) return this.isFirst(node.callee as AnyNode);
        const at = node.arguments.findIndex((one) => holds(one, call));
        const before = node.arguments.slice(0, at) as AnyNode[];
        return (
          node.callee.type === "Identifier" && before.every(this.stable) && this.isFirst(node.arguments[at] as AnyNode)
        );
      }
      default:
        return false;
    }
  }

  private plain(node: AnyNode, use: Use): Part[] {
    if (use === "drop") return [node, ";"];
    return use === "return" ? ["return ", node, ";"] : [...use.target, " = (", node, ");"];
  }

  /** An expression of the caller that has the call in it, as statements. */
  private evaluated(node: AnyNode, use: Use): Part[] | undefined {
    const { call } = this.once;
    if (node === call) return this.statements(use);
    if (node.type === "SequenceExpression") {
      const at = node.expressions.findIndex((one) => holds(one, call));
      const isLast = at === node.expressions.length - 1;
      const before = node.expressions.slice(0, at).flatMap((one) => this.plain(one, "drop"));
      const own = this.evaluated(node.expressions[at] as AnyNode, isLast ? use : "drop");
      const after = node.expressions
        .slice(at + 1)
        .flatMap((one, i, all) => this.plain(one, i === all.length - 1 ? use : "drop"));
      return own && [...before, ...own, ...after];
    }
    if (node.type === "LogicalExpression" && use === "drop" && holds(node.right, call) && node.operator !== "??") {
      const own = this.evaluated(node.right, use);
      return own && ["if (", ...(node.operator === "&&" ? [node.left] : ["!(", node.left, ")"]), ") {", ...own, "}"];
    }
    if (node.type === "ConditionalExpression" && !holds(node.test, call)) {
      const [yes, no] = [node.consequent, node.alternate].map((one) =>
        holds(one, call) ? this.evaluated(one, use) : this.plain(one, use),
      );
      return yes && no && ["if (", node.test, ") {", ...yes, "} else {", ...no, "}"];
    }
    if (node.type === "AssignmentExpression" && node.operator === "=" && use === "drop" && holds(node.right, call)) {
      const left = node.left as AnyNode;
      const isSimple =
        left.type === "Identifier" ||
        (left.type === "MemberExpression" && !left.computed && this.stable(left.object as AnyNode));
      if (isSimple) return this.evaluated(node.right, { target: [left] });
    }
    if (!this.isFirst(node)) return undefined;
    const name = `value${this.mark}`;
    const own = this.declared(name);
    const rest = this.around(node, [name]);
    if (own === undefined) return undefined;
    const end: Part[] =
      use === "drop"
        ? [...rest, ";"]
        : use === "return"
          ? ["return ", ...rest, ";"]
          : [...use.target, " = (", ...rest, ");"];
    return [...own, ...end];
  }

  /** The call as the value of a new variable. */
  private declared(name: string): Part[] | undefined {
    const straight = this.declaration([name]);
    if (straight) return straight;
    const own = this.statements({ target: [name] });
    return own && [`let ${name};`, ...own];
  }

  /** A whole statement of the caller; undefined if it cannot be done so. */
  statement(node: AnyNode): Part[] | undefined {
    const { call } = this.once;
    switch (node.type) {
      case "ExpressionStatement": {
        return this.evaluated(node.expression, "drop");
      }
      case "ReturnStatement": {
        return this.evaluated(node.argument as AnyNode, "return");
      }
      case "VariableDeclaration": {
        const at = node.declarations.findIndex((one) => holds(one, call));
        const one = node.declarations[at];
        if (!one?.init) return undefined;
        const straight = one.init === call ? this.declaration([one.id]) : undefined;
        const own = straight ?? this.evaluated(one.init, { target: [one.id] });
        if (!own) return undefined;
        const before = node.declarations.slice(0, at).flatMap((other): Part[] => ["let ", other, ";"]);
        const after = node.declarations.slice(at + 1).flatMap((other): Part[] => ["let ", other, ";"]);
        return [...before, ...(straight ? [] : ["let ", one.id, ";"]), ...own, ...after];
      }
      case "IfStatement":
      case "ForOfStatement":
      case "SwitchStatement": {
        const head =
          node.type === "IfStatement" ? node.test : node.type === "ForOfStatement" ? node.right : node.discriminant;
        if (!holds(head, call) || !this.isFirst(head)) return undefined;
        const name = `value${this.mark}`;
        const own = this.declared(name);
        return own && [...own, ...this.around(node, [name])];
      }
      default:
        return undefined;
    }
  }
}
