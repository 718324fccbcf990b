/**
 * Finds in a bundle what Espruino refuses, or accepts and runs with another meaning, and esbuild lets through. Every rule was seen
 * to fail on the engine. No findings does not prove that a bundle runs (the engine does); a finding proves that it does not.
 */
import { type AnyNode, type Literal, parse, type Program } from "acorn";
import { EMITTER_NAMES, MISSING_GLOBALS, MISSING_METHODS, MISSING_STATICS } from "./missing.ts";
import { misplacedInSwitch } from "./switch-scope.ts";
import { walk } from "./tree-walk.ts";

export interface Finding {
  /** Line from 1 and column from 0 in the checked text. */
  line: number;
  column: number;
  rule: string;
  message: string;
}

/** Methods that other things have under the same name: not reported, since a name does not tell what it is called on. */
const METHODS_TOO_COMMON = ["slice", "with", "resize", "transfer"];
const missingGlobals = new Set(MISSING_GLOBALS);
const missingMethods = new Set(
  MISSING_METHODS.flatMap((entry) => entry.names).filter((name) => !METHODS_TOO_COMMON.includes(name)),
);
const emitterNames = new Set(EMITTER_NAMES);

function isFunction(node: AnyNode): boolean {
  return (
    node.type === "FunctionDeclaration" || node.type === "FunctionExpression" || node.type === "ArrowFunctionExpression"
  );
}

/** Whether an identifier stands for a variable, and not for a property's or a method's name. */
function isReference(node: AnyNode, parent: AnyNode | undefined): boolean {
  if (node.type !== "Identifier" || parent === undefined) return false;
  if (parent.type === "MemberExpression") return parent.object === node || parent.computed;
  if (parent.type === "Property") return parent.value === node || parent.computed;
  if (parent.type === "MethodDefinition" || parent.type === "PropertyDefinition")
    return parent.computed && parent.key === node;
  return true;
}

function checkRegex(pattern: string, flags: string): string | undefined {
  if (/(^|[^\\])\{\d/.test(pattern)) return "regex {n}";
  if (/(^|[^\\])\)[?*+{]/.test(pattern)) return "regex with a repeated group";
  if (/[*+?}]\?/.test(pattern)) return "lazy regex";
  if (/\(\?[=!<]/.test(pattern)) return "regex look-around or named group";
  if (/\\[bB1-9uUkpP]/.test(pattern)) return "regex \\b, back reference or \\u";
  if (/[msuyvd]/.test(flags)) return "regex flag " + flags;
  return undefined;
}

class Gate {
  readonly findings: Finding[] = [];
  private readonly superclasses = new Map<string, string>();
  /** Methods of the bundle's own classes: `table.keys()` may well be one of them. */
  private readonly ownMethods = new Set<string>();

  report(node: AnyNode, rule: string, message: string): void {
    const start = node.loc?.start ?? { line: 0, column: 0 };
    this.findings.push({ line: start.line, column: start.column, rule, message });
  }

  check(program: Program): void {
    walk(program, (node, parent) => {
      if (node.type === "MethodDefinition" && node.key.type === "Identifier") this.ownMethods.add(node.key.name);
      if (node.type === "ClassDeclaration" || node.type === "ClassExpression") {
        const superclass = node.superClass?.type === "Identifier" ? node.superClass.name : "";
        if (node.id) this.superclasses.set(node.id.name, superclass);
        if (parent?.type === "VariableDeclarator" && parent.id.type === "Identifier") {
          this.superclasses.set(parent.id.name, superclass);
        }
      }
      return true;
    });
    walk(program, (node, parent) => {
      this.visit(node, parent);
      return true;
    });
    for (const { node, message } of misplacedInSwitch(program)) this.report(node, "switch-scope", message);
  }

  private visit(node: AnyNode, parent: AnyNode | undefined): void {
    switch (node.type) {
      case "SpreadElement":
        this.report(
          node,
          "spread",
          "spread is refused; use concat, apply or a loop (a derived class with fields needs its own constructor)",
        );
        break;
      case "RestElement":
        this.report(node, "rest", "rest parameters are refused");
        break;
      case "AssignmentPattern":
        this.report(node, "default-value", "default values are refused; test for undefined");
        break;
      case "ObjectPattern":
      case "ArrayPattern":
        this.report(node, "destructuring", "destructuring is refused");
        break;
      case "YieldExpression":
      case "AwaitExpression":
        this.report(node, "async", "async and generators are refused; use callbacks");
        break;
      case "LabeledStatement":
        this.report(node, "label", "labels are refused; use a function and return");
        break;
      case "ChainExpression":
        this.report(
          node,
          "optional-chain",
          "?. is refused (esbuild lowers it: is the build's `supported` list complete?)",
        );
        break;
      case "TaggedTemplateExpression":
        this.report(node, "tagged-template", "tagged templates are refused");
        break;
      case "PropertyDefinition":
        this.report(
          node,
          "class-field",
          "a class field's value is made once and shared by all instances; assign it in the constructor",
        );
        break;
      case "PrivateIdentifier":
        this.report(node, "private-name", "#private is refused; use TypeScript's private");
        break;
      case "StaticBlock":
        this.report(node, "static-block", "static blocks are refused");
        break;
      case "MetaProperty":
      case "ImportExpression":
        this.report(node, "meta", "new.target, import() and import.meta are refused");
        break;
      case "DebuggerStatement":
        this.report(node, "debugger", "debugger stops the chip for ever");
        break;
      case "WithStatement":
        this.report(node, "with", "with is refused");
        break;
      case "FunctionDeclaration":
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        if (node.async || node.generator) this.report(node, "async", "async and generators are refused; use callbacks");
        if (node.type === "ArrowFunctionExpression" && node.body.type === "ClassExpression") {
          this.report(node, "arrow-class", "() => class {} does not parse; use a block with return");
        }
        break;
      case "Program":
      case "BlockStatement":
        this.checkOrder(node.body as AnyNode[]);
        break;
      case "BinaryExpression":
        this.checkBinary(node.operator, node.right as AnyNode, node);
        break;
      case "AssignmentExpression":
        this.checkAssignment(node.operator, node.left as AnyNode, node);
        break;
      case "Property":
      case "MethodDefinition":
        if (node.type === "MethodDefinition" && node.key.type === "Identifier" && node.key.name === "of") {
          this.report(node, "method-name", "the engine takes `of` for its keyword; choose another name");
        } else if (node.computed)
          this.report(node, "computed-key", "computed keys are refused; assign in a second line");
        else if (node.type === "Property" && node.key.type === "Identifier" && emitterNames.has(node.key.name)) {
          this.reportEmitterName(node, node.key.name);
        }
        break;
      case "SwitchStatement":
        for (const [at, branch] of node.cases.entries()) {
          if (!branch.test && at < node.cases.length - 1)
            this.report(branch, "default-not-last", "default: must be the last case");
        }
        break;
      case "Literal":
        this.checkLiteral(node);
        break;
      case "TemplateElement":
        if (/\\\$/.test(node.value.raw)) this.report(node, "template-escape", "\\${ is taken as ${");
        if (/\\u/.test(node.value.raw)) this.report(node, "unicode-escape", "a string is bytes: no \\u escapes");
        break;
      case "MemberExpression":
        this.checkMember(node, parent);
        break;
      case "Identifier":
        if (node.name === "arguments" && isReference(node, parent)) {
          this.report(node, "arguments", "arguments.length counts declared parameters; name the parameters");
        } else if (missingGlobals.has(node.name) && isReference(node, parent)) {
          this.report(node, "missing-global", node.name + " is missing");
        }
        break;
      case "ClassDeclaration":
      case "ClassExpression":
        this.checkClass(node, node.superClass as AnyNode | null | undefined);
        break;
      case "CallExpression":
        this.checkCall(node.callee as AnyNode, node.arguments.length, node);
        break;
      case "ForStatement":
        if (node.init) this.checkLoop(node.init as AnyNode, node);
        break;
      case "ForOfStatement":
      case "ForInStatement":
        this.checkLoop(node.left as AnyNode, node);
        break;
      default:
    }
  }

  private reportEmitterName(node: AnyNode, name: string): void {
    this.report(
      node,
      "emitter-name",
      `every object has its own .${name} already, so as data it cannot be told from absent; choose another name`,
    );
  }

  private checkBinary(operator: string, right: AnyNode, node: AnyNode): void {
    if (operator === "**") this.report(node, "exponent", "** is refused; use Math.pow");
    if (
      operator === "instanceof" &&
      right.type === "Identifier" &&
      /^(Type|Range|Reference|Syntax|Eval)Error$/.test(right.name)
    ) {
      this.report(node, "error-class", "the engine throws plain Errors; test instanceof Error");
    }
  }

  private checkAssignment(operator: string, left: AnyNode, node: AnyNode): void {
    if (/^(\*\*|\|\||&&|\?\?)=$/.test(operator)) this.report(node, "logical-assignment", operator + " is refused");
    if (left.type !== "MemberExpression" || left.computed || left.property.type !== "Identifier") return;
    const name = left.property.name;
    if (name === "length")
      this.report(node, "length-assignment", "assigning to .length throws; use splice or a new array");
    if (emitterNames.has(name)) this.reportEmitterName(node, name);
  }

  private checkLiteral(node: Literal): void {
    if (node.bigint) this.report(node, "bigint", "bigints silently become numbers");
    if (node.regex) {
      const fault = checkRegex(node.regex.pattern, node.regex.flags);
      if (fault !== undefined) this.report(node, "regex", fault + " does not match as it should");
    } else if (typeof node.value === "string") {
      // \u0000 to \u00FF become bytes as they should; above, the upper half is lost.
      if ([...node.value].some((character) => character > "\xff"))
        this.report(node, "unicode-escape", "a string is bytes: no character above \\xFF");
    }
  }

  private checkMember(node: AnyNode & { type: "MemberExpression" }, parent: AnyNode | undefined): void {
    if (node.object.type === "Super") this.checkSuper(node, parent);
    if (node.computed || node.property.type !== "Identifier") return;
    const name = node.property.name;
    const owner = node.object.type === "Identifier" ? node.object.name : "";
    if (MISSING_STATICS[owner]?.includes(name)) this.report(node, "missing-static", `${owner}.${name} is missing`);
    else if (
      missingMethods.has(name) &&
      !this.ownMethods.has(name) &&
      owner !== "Object" &&
      parent?.type === "CallExpression" &&
      parent.callee === node &&
      // A text's takes what to look for; a OneWire bus's, which is there, takes nothing.
      !(name === "search" && parent.arguments.length === 0)
    ) {
      this.report(node, "missing-method", `.${name} is missing`);
    }
    if (
      name === "prototype" &&
      parent?.type === "MemberExpression" &&
      ["Array", "String", "Function"].includes(owner)
    ) {
      this.report(node, "builtin-prototype", `${owner}.prototype has no methods to take; use [].slice and the like`);
    }
    if (name === "name" && node.object.type === "MemberExpression" && !node.object.computed) {
      const inner = node.object.property;
      if (inner.type === "Identifier" && inner.name === "constructor")
        this.report(node, "class-name", "classes have no name");
    }
  }

  private checkSuper(node: AnyNode, parent: AnyNode | undefined): void {
    if (parent?.type !== "CallExpression") this.report(node, "super-property", "super.x works in a call alone");
  }

  private checkClass(node: AnyNode, superclass: AnyNode | null | undefined): void {
    if (!superclass) return;
    if (superclass.type !== "Identifier") {
      this.report(node, "extends", "extends takes a plain name");
      return;
    }
    if (superclass.name === "Error")
      this.report(node, "extends-error", "a class that extends Error loses its message; throw plain Errors");
    if ((this.superclasses.get(superclass.name) ?? "") !== "") {
      this.report(node, "three-levels", "super in a third level of classes calls itself for ever; two levels at most");
    }
  }

  private checkCall(callee: AnyNode, count: number, node: AnyNode): void {
    if (callee.type === "Identifier" && callee.name === "setTime") {
      this.report(node, "set-time", "setTime moves the clock under every timer; the tree's time is an offset");
    }
    if (callee.type !== "MemberExpression" || callee.computed || callee.property.type !== "Identifier") return;
    if (callee.property.name === "split" && count > 1) this.report(node, "split-limit", "split ignores its limit");
    if (callee.property.name === "stringify" && count > 1)
      this.report(node, "stringify-replacer", "JSON.stringify ignores its replacer");
  }

  /** One binding serves the whole loop: a closure over it sees the last value. */
  private checkLoop(declaration: AnyNode, loop: AnyNode): void {
    if (declaration.type !== "VariableDeclaration") return;
    const names = new Set<string>();
    for (const one of declaration.declarations) if (one.id.type === "Identifier") names.add(one.id.name);
    walk(loop, (node) => {
      if (!isFunction(node)) return true;
      walk(node, (inner, parent) => {
        if (inner.type === "Identifier" && names.has(inner.name) && isReference(inner, parent)) {
          this.report(inner, "loop-closure", `a closure sees only the last ${inner.name}; hand it to a function`);
        }
        return true;
      });
      return false;
    });
  }

  /**
   * Nothing is hoisted: what runs while the body loads must find its functions and variables above it. Follows calls to functions of the
   * same body, so `start(); function start() { helper(); }` is found as well as `helper(); function helper() {}`.
   */
  private checkOrder(body: readonly AnyNode[]): void {
    const positions = new Map<string, number>();
    const functions = new Map<string, AnyNode>();
    for (const [at, statement] of body.entries()) {
      if (statement.type === "FunctionDeclaration" && statement.id) {
        positions.set(statement.id.name, at);
        functions.set(statement.id.name, statement.body as AnyNode);
      } else if (statement.type === "VariableDeclaration") {
        for (const one of statement.declarations) if (one.id.type === "Identifier") positions.set(one.id.name, at);
      }
    }
    for (const [at, statement] of body.entries()) {
      if (statement.type === "FunctionDeclaration") continue;
      const seen = new Set<string>();
      const look = (root: AnyNode, place: AnyNode | undefined): void => {
        walk(root, (node, parent) => {
          if (isFunction(node) && node !== root && !isCalledAtOnce(node, parent)) return false;
          if (node.type !== "Identifier" || !isReference(node, parent)) return true;
          if ((positions.get(node.name) ?? -1) > at) {
            this.report(
              place ?? node,
              "use-before-definition",
              `${node.name} is used before it is defined: nothing is hoisted`,
            );
          }
          const inner = functions.get(node.name);
          if (
            inner !== undefined &&
            parent?.type === "CallExpression" &&
            parent.callee === node &&
            !seen.has(node.name)
          ) {
            seen.add(node.name);
            look(inner, place ?? node);
          }
          return true;
        });
      };
      look(statement, undefined);
    }
  }
}

/** A function that runs where it stands. */
function isCalledAtOnce(node: AnyNode, parent: AnyNode | undefined): boolean {
  return parent?.type === "CallExpression" && parent.callee === node;
}

/** What is wrong with a bundle for Espruino; an empty list if nothing known is. */
export function checkBundle(text: string): Finding[] {
  const gate = new Gate();
  const lines = text.split("\n");
  for (const [at, line] of lines.entries()) {
    const column = [...line].findIndex((character) => character > "\x7f");
    if (column >= 0)
      gate.findings.push({ line: at + 1, column, rule: "non-ascii", message: "the engine reads bytes: write \\xNN" });
  }
  gate.check(parse(text, { ecmaVersion: 2024, locations: true, sourceType: "script" }));
  return gate.findings;
}
