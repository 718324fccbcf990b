/** What is round every page: where one can go, whether what is shown is live, and the way out. */
import { useEffect, useRef } from "preact/hooks";
import { may, person } from "../api.ts";
import { now } from "../clock.ts";
import { AddPage } from "../pages/add-page.tsx";
import { EventsPage } from "../pages/events-page.tsx";
import { HealthPage } from "../pages/health-page.tsx";
import { NodePage } from "../pages/node-page.tsx";
import { SettingsPage } from "../pages/settings-page.tsx";
import { SignInPage } from "../pages/sign-in-page.tsx";
import { TreePage } from "../pages/tree-page.tsx";
import { addressOf, go, route } from "../route.ts";
import { connection } from "../store/live.ts";
import { isDark, switchTheme } from "../theme.ts";
import { formatDuration } from "../words.ts";
import { Icon, Logo } from "./icons.tsx";
import { Link } from "./link.tsx";

const PAGES = [
  { page: "tree", name: "Tree", icon: "tree" },
  { page: "events", name: "Events", icon: "events" },
  { page: "health", name: "Health", icon: "health" },
  { page: "add", name: "Add a node", icon: "add" },
  { page: "settings", name: "Settings", icon: "settings" },
];

export function Shell() {
  const { page, rest } = route.value;
  if (person.value === undefined) return <Waiting />;
  if (person.value === null) return <SignInPage />;
  return (
    <div class={connection.value.name === "lost" ? "shell is-lost" : "shell"}>
      <a class="skip" href="#content">
        Skip to the page
      </a>
      <Rail page={page === "node" ? "tree" : page} />
      <div class="main">
        <ConnectionBar />
        <Content key={`${page}/${rest[0] ?? ""}`} page={page} rest={rest} />
      </div>
    </div>
  );
}

function Content({ page, rest }: { page: string; rest: string[] }) {
  const place = useRef<HTMLElement>(null);
  const title = PAGES.find((one) => one.page === page)?.name ?? rest[0] ?? "Sapline";
  useEffect(() => {
    document.title = `${page === "node" ? (rest[0] ?? "") : title} · Sapline`;
    // Whoever came by keyboard or hears the page starts at its top, but not when the page was just opened.
    if (document.activeElement !== document.body) place.current?.focus({ preventScroll: true });
  }, []);
  return (
    <main id="content" class={`page page-${page}`} tabIndex={-1} ref={place}>
      {pageOf(page, rest)}
    </main>
  );
}

function pageOf(page: string, rest: string[]) {
  switch (page) {
    case "tree":
      return <TreePage />;
    case "node":
      return <NodePage id={rest[0] ?? ""} wanted={rest[1]} />;
    case "events":
      return <EventsPage />;
    case "health":
      return <HealthPage />;
    case "add":
      return <AddPage />;
    case "settings":
      return <SettingsPage />;
    default:
      return (
        <div class="empty">
          <h1>There is no such page</h1>
          <p>
            The address may be mistyped. <Link to={["tree"]}>Go to the tree</Link>.
          </p>
        </div>
      );
  }
}

function Rail({ page }: { page: string }) {
  return (
    <nav class="rail" aria-label="Pages">
      <a class="brand" href={addressOf("tree")} onClick={follow("tree")} aria-label="Sapline, the tree">
        <Logo />
        <span>Sapline</span>
      </a>
      <ul>
        {PAGES.map((one) => (
          <li key={one.page} class={one.page === "add" && !may("administer") ? "is-quiet" : ""}>
            <a
              href={addressOf(one.page)}
              onClick={follow(one.page)}
              aria-current={one.page === page ? "page" : undefined}
            >
              <Icon name={one.icon} size={22} />
              <span class="rail-name">
                {one.page === "add" ? (
                  <>
                    Add<span class="rail-more"> a node</span>
                  </>
                ) : (
                  one.name
                )}
              </span>
            </a>
          </li>
        ))}
      </ul>
      <div class="rail-foot">
        <button
          class="plain"
          type="button"
          onClick={switchTheme}
          aria-label={isDark.value ? "Light colours" : "Dark colours"}
        >
          <Icon name={isDark.value ? "sun" : "moon"} />
        </button>
        <span class="rail-person">{person.value?.name}</span>
      </div>
    </nav>
  );
}

function follow(page: string) {
  return (event: MouseEvent): void => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    go(page);
  };
}

/** Says so when the values are not of now, and nothing otherwise. */
function ConnectionBar() {
  const state = connection.value;
  return (
    <div class="connection" role="status">
      {state.name === "lost" && (
        <p class="connection-lost">
          <span class="pulse" aria-hidden="true" />
          The root does not answer. What you see is from {formatDuration(now.value - state.since)} ago; this page goes
          on by itself.
        </p>
      )}
    </div>
  );
}

function Waiting() {
  return (
    <main class="waiting" aria-busy="true">
      <Logo size={48} />
      <p>Looking for the root …</p>
    </main>
  );
}
