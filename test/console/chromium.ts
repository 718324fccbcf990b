/** The browser of these tests: Chromium as Debian has it, named by CHROMIUM or in the usual places. Without one they are skipped, and say so. */
import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const PLACES = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/opt/google/chrome/chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** The browser's program; "" if there is none. */
export const CHROMIUM = process.env["CHROMIUM"] ?? PLACES.find((place) => existsSync(place)) ?? "";
export const SKIP_REASON =
  "skipped: no chromium here. Install it (apt-get install chromium), or set CHROMIUM to its program";

export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
