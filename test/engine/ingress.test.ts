import { describe } from "vitest";
import { Engine, ESPRUINO, firmware, SKIP_REASON } from "./espruino.ts";
import { webServerContract } from "./web-server-contract.ts";

describe.skipIf(ESPRUINO === "")(
  `the chip's web server on the engine${ESPRUINO === "" ? ` (${SKIP_REASON})` : ""}`,
  () => {
    webServerContract(async (config) => {
      const engine = new Engine(await firmware("firmware/main.ts"), { "sapline.json": JSON.stringify(config) });
      await engine.line(/away/);
      return engine;
    });
  },
);
