/** A new node: what it is called and where it connects, its token, how to bring both to it, and its arrival. */
import { useSignal } from "@preact/signals";
import { type ApiError, ask, may } from "../api.ts";
import { NewNode } from "../parts/new-node.tsx";
import { model, movedShown } from "../store/live.ts";

/** As `sapline.json` on the board has it. */
export interface Setup {
  id: string;
  token: string;
  parent: { host: string; port: number };
  listen?: number;
  wifi?: { ssid: string; password: string };
}

const LISTEN_PORT = 4001;

export function AddPage() {
  const made = useSignal<{ setup: Setup; isBoard: boolean } | undefined>(undefined);
  if (!may("administer"))
    return (
      <div class="empty">
        <h1>Add a node</h1>
        <p>Your role does not let you add nodes. Ask somebody who may administer.</p>
      </div>
    );
  return made.value === undefined ? (
    <Form onMade={(setup, isBoard) => (made.value = { setup, isBoard })} />
  ) : (
    <NewNode setup={made.value.setup} isBoard={made.value.isBoard} onAgain={() => (made.value = undefined)} />
  );
}

function Form({ onMade }: { onMade: (setup: Setup, isBoard: boolean) => void }) {
  const trouble = useSignal<{ words: string; canReplace: boolean }>({ words: "", canReplace: false });
  const isBoard = useSignal(true);
  const isBranch = useSignal(false);
  const parent = useSignal("root");
  const host = useSignal(location.hostname);
  void movedShown.value;
  const isLocal = /^(localhost|127\.|\[::1\])/.test(host.value);
  const submit = async (form: HTMLFormElement, isReplacing: boolean): Promise<void> => {
    const fields = new FormData(form);
    const text = (name: string): string => String(fields.get(name) ?? "").trim();
    const id = text("id");
    try {
      const { token } = await ask<{ token: string }>("POST", "/api/tokens", { id, replace: isReplacing });
      const setup: Setup = { id, token, parent: { host: text("host"), port: Number(text("port")) } };
      if (isBranch.value) setup.listen = Number(text("listen"));
      if (isBoard.value && text("ssid") !== "")
        setup.wifi = { ssid: text("ssid"), password: String(fields.get("wifi")) };
      onMade(setup, isBoard.value);
    } catch (error) {
      const { message } = error as ApiError;
      trouble.value = { words: message.replace(/: add --replace.*$/, "."), canReplace: message.includes("--replace") };
    }
  };
  return (
    <>
      <header class="page-head">
        <h1>Add a node</h1>
        <p class="hint">Three steps: say what it is, bring its token to it, see it arrive.</p>
      </header>
      <form
        id="new-node"
        class="card form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit(event.currentTarget, false);
        }}
      >
        <fieldset>
          <legend>The node</legend>
          <label>
            Name
            <input
              name="id"
              required
              maxLength={28}
              pattern="[A-Za-z0-9][A-Za-z0-9_.\-]*"
              autocapitalize="none"
              spellcheck={false}
              placeholder="kitchen"
            />
            <small>Letters, digits, “.”, “_” and “-”. It is the node's name for ever.</small>
          </label>
          <Choice
            name="What is it?"
            value={isBoard.value}
            options={["A board (ESP32)", "A program on a PC"]}
            onChange={(value) => (isBoard.value = value)}
          />
          <Choice
            name="Do others connect through it?"
            value={!isBranch.value}
            options={["No: a leaf", "Yes: a branch"]}
            onChange={(value) => (isBranch.value = !value)}
          />
          {isBranch.value && (
            <label>
              Port for its children
              <input name="listen" type="number" min={1} max={65_535} defaultValue={String(LISTEN_PORT)} required />
            </label>
          )}
        </fieldset>
        <fieldset>
          <legend>Where it connects</legend>
          <label>
            Parent
            <select
              value={parent.value}
              onChange={(event) => {
                parent.value = event.currentTarget.value;
                host.value = parent.value === "root" ? location.hostname : "";
              }}
            >
              <option value="root">the root</option>
              {[...model.nodes.keys()].sort().map((id) => (
                <option key={id} value={id}>
                  {id}
                </option>
              ))}
            </select>
          </label>
          <div class="form-pair">
            <label>
              Address of {parent.value === "root" ? "the root" : parent.value}
              <input
                name="host"
                required
                value={host.value}
                onInput={(event) => (host.value = event.currentTarget.value)}
                placeholder="192.168.1.2"
              />
            </label>
            <label>
              Port
              <input
                key={parent.value}
                name="port"
                type="number"
                min={1}
                max={65_535}
                required
                defaultValue={parent.value === "root" ? location.port || "80" : String(LISTEN_PORT)}
              />
            </label>
          </div>
          {isLocal && isBoard.value && (
            <p class="notice">
              A board cannot reach {host.value}: that is this machine to itself. Start the root with{" "}
              <code>--host 0.0.0.0</code> and give this machine's address in your network.
            </p>
          )}
        </fieldset>
        {isBoard.value && (
          <fieldset>
            <legend>Wi-Fi</legend>
            <div class="form-pair">
              <label>
                Network
                <input name="ssid" autocomplete="off" autocapitalize="none" spellcheck={false} />
              </label>
              <label>
                Password
                <input name="wifi" type="password" autocomplete="off" />
              </label>
            </div>
            <small>
              Stays on this page and goes to the board; the root is not told. Leave it empty if the board has its Wi-Fi
              already.
            </small>
          </fieldset>
        )}
        <p class="trouble" role="alert">
          {trouble.value.words}
        </p>
        <div class="form-end">
          <button class="primary" type="submit">
            Make a token
          </button>
          {trouble.value.canReplace && (
            <button
              class="danger"
              type="button"
              onClick={() => void submit(document.getElementById("new-node") as HTMLFormElement, true)}
            >
              Make a new one; the old one ends
            </button>
          )}
        </div>
      </form>
    </>
  );
}

/** Two ways, the first of them is `true`. */
function Choice({
  name,
  value,
  options,
  onChange,
}: {
  name: string;
  value: boolean;
  options: [string, string];
  onChange: (value: boolean) => void;
}) {
  return (
    <div class="choice" role="radiogroup" aria-label={name}>
      <span>{name}</span>
      {options.map((option, at) => (
        <label key={option}>
          <input type="radio" name={name} checked={value === (at === 0)} onChange={() => onChange(at === 0)} />
          {option}
        </label>
      ))}
    </div>
  );
}
