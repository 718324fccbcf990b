import { describe } from "vitest";
import { EmulatedProgram } from "../firmware/emulated-node.ts";
import { nodeApiContract } from "../firmware/node-api-contract.ts";

describe("the node API, emulated", () => nodeApiContract((text, config) => EmulatedProgram.runText(text, config)));
