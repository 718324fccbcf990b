import { describe } from "vitest";
import { radioContract, standInConfig } from "../engine/radio-contract.ts";
import { EmulatedProgram } from "./emulated-node.ts";

describe("the radio's stand-in over UDP, emulated", () => {
  radioContract(
    async (role, base, id) => EmulatedProgram.start("test/engine/radio-node.ts", standInConfig(role, base, id)),
    () => {},
  );
});
