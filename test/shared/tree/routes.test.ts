import { expect, test } from "vitest";
import { HELLO_AFTER_MAX } from "#shared/limits.ts";
import { Routes } from "#shared/tree/routes.ts";
import type { Instant, LinkId, NodeId } from "#shared/units.ts";

const at = (millis: number) => millis as Instant;
const ONE = 1 as LinkId;
const TWO = 2 as LinkId;
const E = "e" as NodeId;

function admitted(link: LinkId): Routes {
  const routes = new Routes(10);
  routes.claim(E, 1, link, at(0));
  routes.admit(E, routes.settle(E, 1) as LinkId);
  return routes;
}

test("a claim changes no route; the answer that names its nonce tells the link, once", () => {
  const routes = admitted(ONE);
  routes.claim(E, 2, TWO, at(0));
  expect(routes.link(E)).toBe(ONE);
  expect(routes.settle(E, 3)).toBeUndefined();
  expect(routes.settle("f", 2)).toBeUndefined();
  expect(routes.settle(E, 2)).toBe(TWO);
  expect(routes.settle(E, 2)).toBeUndefined();
});

test("two links may claim one node at the same time, and each answer finds its own", () => {
  const routes = new Routes(10);
  routes.claim(E, 1, ONE, at(0));
  routes.claim(E, 2, TWO, at(0));
  expect(routes.settle(E, 2)).toBe(TWO);
  expect(routes.settle(E, 1)).toBe(ONE);
});

test("a later claim of the same link takes the place of the earlier", () => {
  const routes = new Routes(10);
  routes.claim(E, 1, ONE, at(0));
  routes.claim(E, 2, ONE, at(0));
  expect(routes.settle(E, 1)).toBeUndefined();
  expect(routes.settle(E, 2)).toBe(ONE);
});

test("holds as many claims as its limit and no more, until they grow old", () => {
  const routes = new Routes(3);
  const ids = ["a", "b", "c", "d"] as NodeId[];
  expect(ids.map((id, i) => routes.claim(id, i, ONE, at(0)))).toEqual([true, true, true, false]);
  expect(routes.claim("d" as NodeId, 9, ONE, at(2 * HELLO_AFTER_MAX - 1))).toBe(false);
  expect(routes.claim("d" as NodeId, 9, ONE, at(2 * HELLO_AFTER_MAX))).toBe(true);
});

test("holds as many routes as its limit: a new node is refused, a known one may move", () => {
  const routes = new Routes(2);
  for (const id of ["a", "b"] as NodeId[]) {
    routes.claim(id, 1, ONE, at(0));
    routes.admit(id, routes.settle(id, 1) as LinkId);
  }
  expect(routes.claim("c" as NodeId, 1, ONE, at(0))).toBe(false);
  expect(routes.claim("a" as NodeId, 2, TWO, at(0))).toBe(true);
  routes.remove("b");
  expect(routes.claim("c" as NodeId, 1, ONE, at(0))).toBe(true);
});

test("a node is gone by the word of its own link only", () => {
  const routes = admitted(ONE);
  expect(routes.leave(E, TWO)).toBe("stranger");
  expect(routes.leave("f", ONE)).toBe("stranger");
  expect(routes.link(E)).toBe(ONE);
  expect(routes.leave(E, ONE)).toBe("gone");
  expect(routes.link(E)).toBeUndefined();
  expect(routes.leave(E, ONE)).toBe("stranger");
});

test("a node that another link claims is on its move: the old link's word says nothing about it", () => {
  const routes = admitted(ONE);
  routes.claim(E, 2, TWO, at(0));
  expect(routes.leave(E, ONE)).toBe("moving");
  expect(routes.settle(E, 2)).toBe(TWO);
});

test("a link that closes takes all behind it along, but not those on their move", () => {
  const routes = admitted(ONE);
  for (const [id, link] of [
    ["f", ONE],
    ["g", TWO],
  ] as [NodeId, LinkId][]) {
    routes.claim(id, 5, link, at(0));
    routes.admit(id, routes.settle(id, 5) as LinkId);
  }
  routes.claim(E, 2, TWO, at(0));
  expect(routes.removeLink(ONE)).toEqual(["f"]);
  expect([routes.link("e"), routes.link("f"), routes.link("g")]).toEqual([undefined, undefined, TWO]);
  expect(routes.settle(E, 2)).toBe(TWO);
});

test("a node that the root may have admitted just now, before its link closed, is told as gone", () => {
  const routes = new Routes(10);
  routes.claim(E, 1, ONE, at(0));
  expect(routes.removeLink(ONE)).toEqual(["e"]);
  expect(routes.settle(E, 1)).toBeUndefined();
});

test("a stranger that claims a node and goes takes nobody along", () => {
  const routes = admitted(ONE);
  routes.claim(E, 66, TWO, at(0));
  expect(routes.removeLink(TWO)).toEqual([]);
  expect(routes.link(E)).toBe(ONE);
});

test("a claimant that goes is forgotten, though the node is behind another link: its end is no move then", () => {
  const routes = admitted(ONE);
  routes.claim(E, 2, TWO, at(0));
  expect(routes.leave(E, TWO)).toBe("stranger");
  expect(routes.link(E)).toBe(ONE);
  expect(routes.leave(E, ONE)).toBe("gone");
});
