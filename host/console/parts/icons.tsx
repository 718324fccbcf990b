/** The console's icons, drawn with one pen. They stand beside words, so they say nothing to a screen reader. */

const PATHS: { readonly [name: string]: string } = {
  tree: "M12 21v-6m0 0c0-3-4-2.5-4-6m4 6c0-3 4-2.5 4-6M8 9a2 2 0 1 0 0-4 2 2 0 0 0 0 4zm8 0a2 2 0 1 0 0-4 2 2 0 0 0 0 4zm-4 14",
  events: "M4 7h9M4 12h16M4 17h12M17 7h3",
  health: "M3 12h4l2.5-6 4 12 2.5-6h5",
  add: "M12 5v14M5 12h14",
  settings: "M4 8h8m4 0h4M4 16h4m4 0h8M14 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4zm-4 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 3v2m0 14v2M3 12h2m14 0h2M5.6 5.6 7 7m10 10 1.4 1.4M5.6 18.4 7 17M17 7l1.4-1.4",
  moon: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zm5-2 4.5 4.5",
  fit: "M4 9V4h5M20 9V4h-5M4 15v5h5m11-5v5h-5",
  screen: "M3 5h18v11H3zM8 20h8",
  plus: "M12 6v12M6 12h12",
  minus: "M6 12h12",
  right: "m9 6 6 6-6 6",
  close: "M6 6l12 12M18 6 6 18",
  pause: "M9 6v12M15 6v12",
  play: "M8 5.5v13l11-6.5z",
  copy: "M9 9h10v11H9zM6 15H5V4h10v2",
  back: "m14 6-6 6 6 6",
  list: "M8 7h12M8 12h12M8 17h12M4 7h.01M4 12h.01M4 17h.01",
};

export function Icon({ name, size = 20 }: { name: string; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true" focusable="false">
      <path d={PATHS[name] ?? ""} />
    </svg>
  );
}

export function Logo({ size = 28 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path class="logo-drop" d="M16 3c5 6.6 9 11 9 16a9 9 0 0 1-18 0c0-5 4-9.4 9-16z" />
      <path class="logo-shine" d="M11.5 19.2a4.6 4.6 0 0 0 4.6 4.8" />
    </svg>
  );
}
