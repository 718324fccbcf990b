/** The console's start: who is signed in, then the pages. */
import "./style/base.css";
import "./style/shell.css";
import "./style/controls.css";
import "./style/tree.css";
import "./style/node.css";
import "./style/events.css";
import "./style/health.css";
import "./style/forms.css";
import { effect } from "@preact/signals";
import { render } from "preact";
import { person, recall } from "./api.ts";
import { Shell } from "./parts/shell.tsx";
import { connect, disconnect, model } from "./store/live.ts";
import "./theme.ts";

render(<Shell />, document.getElementById("app") as HTMLElement);
effect(() => {
  if (person.value) void connect();
  else disconnect();
});
void recall();

/** For those who measure: what this page knows. */
Object.assign(globalThis, {
  sapline: {
    known: () => ({
      up: [...model.nodes.values()].filter(({ isUp }) => isUp).map(({ id }) => id),
      values: Object.fromEntries(
        [...model.nodes.values()].flatMap(({ id, entities }) =>
          [...entities.values()].map(({ eid, value }) => [`${id} ${eid}`, value]),
        ),
      ),
    }),
  },
});
