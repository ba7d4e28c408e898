/** Small parts that pages share. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

/** Lines of 24 × 24 icons. */
const PATHS = {
  download: "M12 4v11m0 0 4.5-4.5M12 15l-4.5-4.5M5 19.5h14",
  columns: "M4 5h16v14H4zM9.3 5v14M14.7 5v14",
  chart: "M5 19.5V10m5 9.5v-14m5 14v-7m5 7v-11",
  send: "M4 12 20 4.5 15.5 20l-3.6-6.4z",
  code: "m8.5 7.5-5 4.5 5 4.5m7-9 5 4.5-5 4.5",
  circle: "M12 4.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15z",
  polygon: "M5 9.5 12.5 4l7 6-3 9h-9z",
  move: "M12 4v16M4 12h16M12 4l-2.3 2.3M12 4l2.3 2.3M12 20l-2.3-2.3M12 20l2.3-2.3M4 12l2.3-2.3M4 12l2.3 2.3M20 12l-2.3-2.3M20 12l-2.3 2.3",
  plus: "M12 5.5v13M5.5 12h13",
  minus: "M5.5 12h13",
  fit: "M4.5 9V4.5H9M15 4.5h4.5V9M19.5 15v4.5H15M9 19.5H4.5V15",
  close: "m6 6 12 12M18 6 6 18",
  up: "M12 18V6m0 0-4.5 4.5M12 6l4.5 4.5",
  down: "M12 6v12m0 0 4.5-4.5M12 18l-4.5-4.5",
  open: "M13.5 5H19v5.5M19 5l-8.5 8.5M16 13.5V19H5V8h5.5",
  empty: "M4.5 14.5 7 6h10l2.5 8.5v4h-15zM4.5 14.5H9l1.2 2h3.6l1.2-2h4.5",
  alert: "M12 4.5 20.5 19h-17zM12 10v4m0 2.4v.2",
  play: "M8 5.5v13l10.5-6.5z",
  clock: "M12 4.5a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15zM12 8v4.3l2.8 1.7",
  layers: "m12 4 8.5 4.5L12 13 3.5 8.5zM4 12.5l8 4.3 8-4.3M4 16l8 4.3 8-4.3",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.7l1-1",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}

/** A page, or a part of one, that has nothing to show, and why. */
export function State({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="state">
      <Icon name={icon} />
      <p class="state-title">{title}</p>
      {children}
    </div>
  );
}

/** A button with a sheet below it. */
export function Menu(props: {
  label: ComponentChildren;
  title?: string;
  icon?: IconName;
  left?: boolean;
  small?: boolean;
  children: (close: () => void) => ComponentChildren;
}) {
  const [open, setOpen] = useState(false);
  const host = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => {
      if (!host.current?.contains(event.target as Node)) setOpen(false);
    };
    const key = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      setOpen(false);
      host.current?.querySelector("button")?.focus();
    };
    document.addEventListener("pointerdown", away);
    document.addEventListener("keydown", key);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("keydown", key);
    };
  }, [open]);
  return (
    <div class="menu" ref={host}>
      <button type="button" class={`btn${props.small ? " small" : ""}`} aria-expanded={open} title={props.title} onClick={() => setOpen(!open)}>
        {props.icon && <Icon name={props.icon} />}
        {props.label}
      </button>
      {open && <div class={`sheet${props.left ? " left" : ""}`}>{props.children(() => setOpen(false))}</div>}
    </div>
  );
}

/** Tabs (WAI-ARIA Authoring Practices, with automatic activation). */
export function Tabs<T extends string>({ tabs, now, choose, label }: { tabs: [T, ComponentChildren][]; now: T; choose: (tab: T) => void; label: string }) {
  const key = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!step) return;
    const at = tabs.findIndex(([tab]) => tab === now);
    const next = (at + step + tabs.length) % tabs.length;
    choose(tabs[next][0]);
    (event.currentTarget as HTMLElement).querySelectorAll("button")[next]?.focus();
  };
  return (
    <div class="tabs" role="tablist" aria-label={label} onKeyDown={key}>
      {tabs.map(([tab, name]) => (
        <button key={tab} type="button" role="tab" id={`tab-${tab}`} aria-selected={tab === now} aria-controls={`panel-${tab}`} tabIndex={tab === now ? 0 : -1} onClick={() => choose(tab)}>
          {name}
        </button>
      ))}
    </div>
  );
}

export function Dialog({ title, close, children }: { title: string; close: () => void; children: ComponentChildren }) {
  const host = useRef<HTMLDialogElement>(null);
  useEffect(() => host.current?.showModal(), []);
  return (
    <dialog ref={host} aria-label={title} onClose={close} onClick={(event) => event.target === host.current && host.current?.close()}>
      <header>
        <h2>{title}</h2>
        <button type="button" class="btn quiet small" aria-label="Close" onClick={() => host.current?.close()}>
          <Icon name="close" />
        </button>
      </header>
      <div class="in">{children}</div>
    </dialog>
  );
}

/** Redraws when something that tells of its changes changes. */
export function useChanges(target: EventTarget | undefined): void {
  const [, again] = useState(0);
  useEffect(() => {
    if (!target) return;
    const changed = () => again((n) => n + 1);
    target.addEventListener("change", changed);
    changed();
    return () => target.removeEventListener("change", changed);
  }, [target]);
}
