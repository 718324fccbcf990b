/** A token that was just made, seen only now: ways to bring it to its node, and whether the node has arrived. */
import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { BoardConsole } from "../../board/board-console.ts";
import { CONFIGURATION_FILE, install, release, restart, takeBoard } from "../../board/install.ts";
import { upload, type UploadProgress } from "../../board/upload.ts";
import type { Wire } from "../../board/wire.ts";
import { hasBluetooth, hasSerial, openBluetooth, openSerial } from "../board/wires.ts";
import { rootNow } from "../clock.ts";
import type { Setup } from "../pages/add-page.tsx";
import { toClipboard } from "../pages/events-page.tsx";
import { model, movedShown } from "../store/live.ts";
import { Icon } from "./icons.tsx";
import { Link } from "./link.tsx";
import { QrCode } from "./qr-code.tsx";

export function NewNode({ setup, isBoard, onAgain }: { setup: Setup; isBoard: boolean; onAgain: () => void }) {
  const text = JSON.stringify(setup);
  const listen = setup.listen === undefined ? "" : ` --listen ${setup.listen}`;
  const command = `npx sapline node --id ${setup.id} --token ${setup.token} --parent ws://${setup.parent.host}:${setup.parent.port}/node${listen}`;
  const paste = `require("Storage").write("sapline.json", ${JSON.stringify(text)})`;
  return (
    <>
      <header class="page-head">
        <h1>{setup.id}</h1>
        <Arrival id={setup.id} />
      </header>
      <section class="card token" aria-labelledby="token-title">
        <div>
          <h2 id="token-title">Its token</h2>
          <p class="hint">Seen only now. Whoever has it can speak as {setup.id}; the root keeps only a hash.</p>
          <Copyable text={setup.token} label="token" />
          <p class="hint">
            The code beside holds the whole configuration{setup.wifi === undefined ? "" : ", with the Wi-Fi password"}:
            for a phone that sets up boards.
          </p>
        </div>
        <QrCode text={text} label={`QR code of the configuration of ${setup.id}`} />
      </section>
      {isBoard ? (
        <>
          <WriteToBoard setup={text} />
          <section class="card">
            <h2>Or paste it</h2>
            <p>
              In the <b>Espruino Web IDE</b>, connected to the board, paste this on the left side:
            </p>
            <Copyable text={paste} label="command for the board" isLong />
            <p class="hint">
              Then write the program that you build into its Storage as <code>sapline.a</code>, and{" "}
              <a href="/console/loader.js" download="sapline-loader.js">
                the loader
              </a>{" "}
              as <code>.bootcde</code>, and restart the board.{" "}
              <a href="/console/firmware.js" download="sapline-main.js">
                The plain program
              </a>{" "}
              has no entities of its own; it is a branch, or a leaf that only joins.
            </p>
          </section>
        </>
      ) : (
        <section class="card">
          <h2>Start it</h2>
          <p>Where the program is to run; JSON lines that it reads become events:</p>
          <Copyable text={command} label="command" isLong />
        </section>
      )}
      <p>
        <button type="button" onClick={onAgain}>
          Add another
        </button>
      </p>
    </>
  );
}

function Arrival({ id }: { id: string }) {
  const startedAt = useMemo(() => rootNow(), []);
  void movedShown.value;
  const node = model.nodes.get(id);
  const isHere = node !== undefined && node.isUp && node.since >= startedAt - 1000;
  return (
    <p class={`state ${isHere ? "is-up" : "is-waiting"}`} role="status">
      <span class={`dot ${isHere ? "is-up" : "is-waiting"}`} aria-hidden="true" />
      {isHere ? (
        <>
          {id} has arrived. <Link to={["node", id]}>Look at it</Link>
        </>
      ) : (
        `Waiting for ${id} to arrive …`
      )}
    </p>
  );
}

function Copyable({ text, label, isLong = false }: { text: string; label: string; isLong?: boolean }) {
  const said = useSignal("");
  return (
    <div class={`copyable${isLong ? " is-long" : ""}`}>
      <code>{text}</code>
      <button
        type="button"
        aria-label={`Copy ${label}`}
        onClick={async () => {
          said.value = (await toClipboard(text)) ? "Copied" : "Mark it and copy by hand";
        }}
      >
        <Icon name="copy" size={18} />
        <span role="status">{said.value || "Copy"}</span>
      </button>
    </div>
  );
}

/** A program for boards, from the root. */
async function fetched(name: string): Promise<Uint8Array> {
  const answer = await fetch(`/console/${name}`);
  if (!answer.ok) throw new Error("The root has no built program for boards: run make firmware.");
  return new Uint8Array(await answer.arrayBuffer());
}

/** As a page says it. */
function sentence(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1) + (/[.!?]$/.test(words) ? "" : ".");
}

function WriteToBoard({ setup }: { setup: string }) {
  const state = useSignal<{ words: string; share: number; isBusy: boolean; isBad: boolean }>({
    words: "",
    share: 0,
    isBusy: false,
    isBad: false,
  });
  const withProgram = useSignal(true);
  const run = async (open: () => Promise<Wire>): Promise<void> => {
    const say = (words: string, share = 0): void => {
      state.value = { words, share, isBusy: true, isBad: false };
    };
    const tell = ({ file, done, total }: UploadProgress): void =>
      say(`Writing ${file === CONFIGURATION_FILE ? "its configuration" : "the program"} …`, done / total);
    let board: BoardConsole | undefined;
    try {
      say("Choose the board …");
      board = new BoardConsole(await open());
      say("Saying hello to the board …");
      const facts = await takeBoard(board);
      const configuration = new TextEncoder().encode(setup);
      if (withProgram.value) {
        const [program, loader] = await Promise.all([fetched("firmware.js"), fetched("loader.js")]);
        await install(board, facts, { program, loader, configuration }, tell);
      } else await upload(board, CONFIGURATION_FILE, configuration, tell);
      await restart(board);
      state.value = {
        words: "Written. The board restarts and should arrive in a moment.",
        share: 1,
        isBusy: false,
        isBad: false,
      };
    } catch (error) {
      const isNone = (error as Error).name === "NotFoundError";
      state.value = {
        words: isNone ? "No board was chosen." : sentence((error as Error).message),
        share: 0,
        isBusy: false,
        isBad: true,
      };
    } finally {
      if (board !== undefined) await release(board);
    }
  };
  if (!hasSerial() && !hasBluetooth())
    return (
      <section class="card">
        <h2>Write it to the board</h2>
        <p class="hint">
          This browser cannot reach boards from here. Chrome and Edge can, over USB and Bluetooth, on the root's own
          machine (http://localhost) or over https.
        </p>
      </section>
    );
  return (
    <section class="card">
      <h2>Write it to the board</h2>
      <p class="hint">Espruino must be on the board already. What runs on it is stopped.</p>
      <label class="check">
        <input
          type="checkbox"
          checked={withProgram.value}
          onChange={(event) => (withProgram.value = event.currentTarget.checked)}
        />
        the plain program too, in place of what is there
      </label>
      <div class="form-end">
        {hasSerial() && (
          <button class="primary" type="button" disabled={state.value.isBusy} onClick={() => void run(openSerial)}>
            Over USB
          </button>
        )}
        {hasBluetooth() && (
          <button type="button" disabled={state.value.isBusy} onClick={() => void run(openBluetooth)}>
            Over Bluetooth
          </button>
        )}
      </div>
      {state.value.share > 0 && <progress value={state.value.share} aria-label="Written" />}
      <p class={state.value.isBad ? "trouble" : "hint"} role="status">
        {state.value.words}
      </p>
    </section>
  );
}
