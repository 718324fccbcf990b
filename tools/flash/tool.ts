/** How a tool for boards ends: one sentence for what went wrong, and the exit code that `sapline` has too. */
import { type Command, CommanderError } from "commander";
import { Trouble } from "#host/trouble.ts";

/** Exit code 0: done; 1: it failed; 2: wrong usage. */
export async function runTool(command: Command): Promise<void> {
  // Whoever reads our output may leave when it has seen enough.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));
  command.showHelpAfterError("(--help tells more)").exitOverride();
  try {
    await command.parseAsync();
  } catch (error) {
    // commander has printed its own sentence.
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
    else {
      const text = error instanceof Trouble ? error.message : ((error as Error | undefined)?.stack ?? String(error));
      process.stderr.write(`sapline: ${text}\n`);
      process.exitCode = 1;
    }
  }
}
