/** What every page does: the switch of themes, the copy buttons, toasts. */
const root = document.documentElement;

document.getElementById("theme")?.addEventListener("click", () => {
  const dark = isDark();
  root.dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem("theme", root.dataset.theme);
  } catch {
    // Storage may be forbidden; the choice holds for this page.
  }
  document.dispatchEvent(new Event("themechange"));
});

export function isDark(): boolean {
  const chosen = root.dataset.theme;
  return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
}

document.addEventListener("click", async (event) => {
  const button = (event.target as Element | null)?.closest<HTMLElement>("[data-copy]");
  const source = button && document.getElementById(button.dataset.copy ?? "");
  if (button && source) await copy(source.textContent ?? "");
});

/** Puts text on the clipboard and says so. */
export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Pages without https may not use the clipboard directly.
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  toast("Copied");
}

let toasts: HTMLElement | undefined;

/** Says something that goes away by itself. */
export function toast(text: string, seconds = 3): void {
  if (!toasts) {
    toasts = document.createElement("div");
    toasts.className = "toasts";
    toasts.setAttribute("role", "status");
    document.body.append(toasts);
  }
  const one = document.createElement("div");
  one.className = "toast";
  one.textContent = text;
  toasts.append(one);
  setTimeout(() => one.remove(), seconds * 1000);
}
