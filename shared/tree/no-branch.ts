/**
 * Stands in for branch.ts in programs that take no children: the build puts it in its place (tools/bundle/firmware-bundle.ts), and all that
 * a leaf has no use for stays out of its bundle.
 */
import type { NodeEffect } from "../effect.ts";
import type { LinkId } from "../units.ts";
import type { Branch as WithChildren } from "./branch.ts";

export class Branch implements Pick<WithChildren, keyof WithChildren> {
  opened(link: LinkId): readonly NodeEffect[] {
    return [{ kind: "close", link, code: 1013, reason: "a leaf takes no children" }];
  }

  closed(): void {}

  drained(): void {}

  received(): void {}

  takeRelay(): string {
    return "";
  }

  hasRelay(): boolean {
    return false;
  }

  discard(): void {}

  down(): boolean {
    return false;
  }

  announce(): void {}

  sweep(): void {}

  hasChildren(): boolean {
    return false;
  }
}
