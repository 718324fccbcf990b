/** A link to another page of the console: a real one, so that it can be opened beside, copied and gone to by keyboard. */
import type { ComponentChildren } from "preact";
import { addressOf, go } from "../route.ts";

export function Link({
  to,
  children,
  ...more
}: {
  to: [page: string, ...rest: string[]];
  children: ComponentChildren;
  class?: string;
}) {
  return (
    <a
      {...more}
      href={addressOf(...to)}
      onClick={(event) => {
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
        event.preventDefault();
        go(...to);
      }}
    >
      {children}
    </a>
  );
}
