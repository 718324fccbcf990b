/** The time, for ages that grow while nothing happens: once a second, and not while nobody looks. */
import { signal } from "@preact/signals";

/** Milliseconds since 1970 by the root's clock, as well as this page knows it. */
export const now = signal(Date.now());
/** How far the root's clock is ahead of this machine's, in milliseconds. */
let aheadMillis = 0;

setInterval(() => {
  if (!document.hidden) tick();
}, 1000);
document.addEventListener("visibilitychange", tick);

function tick(): void {
  now.value = rootNow();
}

export function rootNow(): number {
  return Date.now() + aheadMillis;
}

/** The root said this time a moment ago. Small differences are the way's. */
export function setRootTime(unixMillis: number): void {
  const ahead = unixMillis - Date.now();
  aheadMillis = Math.abs(ahead) > 2000 ? ahead : 0;
  tick();
}
