/**
 * Aladin Lite, where the operator allows it: it is loaded from the address of the
 * setting when somebody asks for it, and nothing of it is in this program.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { footprint, position } from "../lib/region";
import type { Position } from "../lib/region";
import { ALADIN } from "../lib/service";
import type { Row } from "../lib/service";
import { Dialog } from "./parts";

interface Overlay {
  add(shape: unknown): void;
}

interface Api {
  init: Promise<void>;
  aladin(host: HTMLElement, options: Record<string, unknown>): { addOverlay(overlay: Overlay): void };
  graphicOverlay(options: Record<string, unknown>): Overlay;
  polygon(corners: Position[], options: Record<string, unknown>): unknown;
}

let loading: Promise<Api> | undefined;

function load(): Promise<Api> {
  loading ??= new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = ALADIN!.script;
    script.addEventListener("load", () => done((window as unknown as { A: Api }).A));
    script.addEventListener("error", () => {
      loading = undefined;
      failed(new Error("Aladin Lite cannot be loaded just now."));
    });
    document.head.append(script);
  });
  return loading;
}

interface Props {
  view: { at: Position; field: number };
  rows: (Row | undefined)[];
  colour: (row: Row) => string;
  close: () => void;
}

export function AladinDialog({ view, rows, colour, close }: Props) {
  const host = useRef<HTMLDivElement>(null);
  const [error, setError] = useState("");
  useEffect(() => {
    const show = async () => {
      const api = await load();
      await api.init;
      if (!host.current) return;
      const target = view.at.join(" ");
      const aladin = api.aladin(host.current, { survey: ALADIN!.survey, target, fov: Math.min(180, view.field), cooFrame: "ICRSd" });
      const overlay = api.graphicOverlay({ lineWidth: 1 });
      aladin.addOverlay(overlay);
      for (const row of rows) {
        const shape = row && footprint(row.s_region, row.s_ra, row.s_dec);
        for (const ring of shape?.rings ?? []) overlay.add(api.polygon(ring.map(position), { color: colour(row!) }));
      }
    };
    show().catch((it) => setError(it instanceof Error ? it.message : String(it)));
  }, []);
  return (
    <Dialog title="Aladin Lite" close={close}>
      {error ? <p class="note bad">{error}</p> : <div class="aladin" ref={host} />}
    </Dialog>
  );
}
