import { describe } from "vitest";
import { Engine, ESPRUINO, SKIP_REASON } from "./espruino.ts";
import { nodeApiContract } from "../firmware/node-api-contract.ts";

describe.skipIf(ESPRUINO === "")(`the node API on the engine${ESPRUINO === "" ? ` (${SKIP_REASON})` : ""}`, () =>
  nodeApiContract(async (text, config) => Engine.fromFlash("", text, "", { "sapline.json": JSON.stringify(config) })),
);
