/** Light, dark, or as the system says: kept in this browser. */
import { effect, signal } from "@preact/signals";

export type Theme = "system" | "light" | "dark";

const KEY = "sapline-theme";
const system = matchMedia("(prefers-color-scheme: dark)");
export const theme = signal<Theme>(kept());
/** Whether it is dark now. */
export const isDark = signal(false);

function kept(): Theme {
  const text = localStorage.getItem(KEY);
  return text === "light" || text === "dark" ? text : "system";
}

function apply(): void {
  isDark.value = theme.value === "dark" || (theme.value === "system" && system.matches);
  document.documentElement.dataset["theme"] = isDark.value ? "dark" : "light";
}

system.addEventListener("change", apply);
effect(() => {
  apply();
  localStorage.setItem(KEY, theme.value);
});

/** The other one of light and dark. */
export function switchTheme(): void {
  theme.value = isDark.value ? "light" : "dark";
}

/** A colour of the style sheet, for canvases. */
export function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
