import { isAbsolute } from "node:path";
import { expect, test } from "vitest";
import type { Project } from "#host/project.ts";
import { devFolder } from "#tools/project/dev-root.ts";

test("the folder of `sapline dev` is named in full, since its root is started in another", () => {
  for (const data of [".sapline", "/var/lib/sapline"]) {
    expect(isAbsolute(devFolder({ settings: { data } } as Project))).toBe(true);
  }
});
