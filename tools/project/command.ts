/** What the commands about projects have in common: flags, errors as one sentence, exit codes as `sapline` has them. */
import { Command, CommanderError } from "commander";
import { Trouble } from "#host/trouble.ts";

/** Runs this process as `sapline NAME`. Exit code 0: done; 1: it failed, and one sentence says why; 2: wrong usage. */
export async function projectCommand(
  name: string,
  description: string,
  describe: (command: Command) => Command,
): Promise<void> {
  const command = new Command(`sapline ${name}`)
    .description(description)
    .option("--config <FILE>", "configuration file (default: sapline.config.ts or .json here)")
    .showHelpAfterError("(--help tells more)")
    .exitOverride();
  try {
    await describe(command).parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
    else {
      const sentence =
        error instanceof Trouble ? error.message : ((error as Error | undefined)?.stack ?? String(error));
      process.stderr.write(`sapline: ${sentence}\n`);
      process.exitCode = 1;
    }
  }
}
