import { describe } from "vitest";
import { webServerContract } from "../engine/web-server-contract.ts";
import { EmulatedProgram } from "../firmware/emulated-node.ts";

describe("the chip's web server, emulated", () => {
  webServerContract(async (config) => {
    const program = await EmulatedProgram.start("firmware/main.ts", config);
    await program.line(/away/);
    return program;
  });
});
