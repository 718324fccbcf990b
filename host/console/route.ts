/** Which page is shown: the address under /console/, so that it can be kept, sent, and gone back to. */
import { computed, signal } from "@preact/signals";

const BASE = "/console/";

const path = signal(location.pathname);
addEventListener("popstate", () => {
  path.value = location.pathname;
});

export interface Route {
  page: string;
  /** What comes behind the page, decoded: a node's id. */
  rest: string[];
}

export const route = computed<Route>(() => {
  const parts = path.value
    .slice(BASE.length)
    .split("/")
    .filter((part) => part !== "");
  const [page = "tree", ...rest] = parts.map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part;
    }
  });
  return { page, rest };
});

export function addressOf(page: string, ...rest: string[]): string {
  return (
    BASE +
    [page === "tree" ? "" : page, ...rest]
      .filter((part) => part !== "")
      .map(encodeURIComponent)
      .join("/")
  );
}

export function go(page: string, ...rest: string[]): void {
  const address = addressOf(page, ...rest);
  if (address !== location.pathname) history.pushState(null, "", address);
  path.value = location.pathname;
  scrollTo(0, 0);
}
