/** What of Node's time is faked for an emulated chip, as `vi.useFakeTimers` takes it: all that the emulator tells time by. */
export const CHIP_TIME = {
  toFake: [
    "setTimeout",
    "clearTimeout",
    "setInterval",
    "clearInterval",
    "setImmediate",
    "clearImmediate",
    "performance",
  ] as (
    | "setTimeout"
    | "clearTimeout"
    | "setInterval"
    | "clearInterval"
    | "setImmediate"
    | "clearImmediate"
    | "performance"
  )[],
};
