import { expect, test } from "vitest";
import { Projection } from "#shared/tree/projection.ts";
import { Roll, type RootLink } from "#shared/tree/roll.ts";
import type { Instant, LinkId, NodeId } from "#shared/units.ts";
import { EMPTY } from "../world.ts";

const A = "a" as NodeId;

function roll(): { roll: Roll; one: RootLink; two: RootLink } {
  const epochs = [{ node: A, epoch: 7, last: 42 }];
  const made = new Roll(new Projection("root" as NodeId, { ...structuredClone(EMPTY), epochs }));
  const link = (n: number) => {
    made.open(n as LinkId, A, 0 as Instant);
    return made.links.get(n) as RootLink;
  };
  return { roll: made, one: link(1), two: link(2) };
}

test("a node met for the first time is as the log knows it, and the same one ever after", () => {
  const { roll: made } = roll();
  expect(made.member(A)).toMatchObject({ epoch: 7, last: 42, stored: 42, link: 0 });
  expect(made.member(A)).toBe(made.member(A));
  expect(made.member("b" as NodeId)).toMatchObject({ epoch: 0, last: 0, stored: 0 });
  expect([made.find("x"), made.find(5), made.find("__proto__")]).toEqual([undefined, undefined, undefined]);
});

test("a node that moved on is not away when its old link lets go of it", () => {
  const { roll: made, one, two } = roll();
  const member = made.member(A);
  made.move(member, one, []);
  made.move(member, two, []);
  expect(made.remove(member, one)).toBe(false);
  expect(made.linkOf("a")).toBe(two);
  expect(made.remove(member, two)).toBe(true);
  expect(made.linkOf("a")).toBeUndefined();
});
