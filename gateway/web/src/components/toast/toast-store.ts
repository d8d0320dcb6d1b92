import { createValue } from "@/lib/value";

export interface ToastMessage {
  id: number;
  tone: "neutral" | "success" | "danger";
  title: string;
  detail?: string;
  action?: { label: string; run: () => void };
}

const SHOWN = 4;

let counter = 0;
export const toasts = createValue<readonly ToastMessage[]>([]);

/** Say something for a few seconds at the edge of the screen. */
export function toast(message: Omit<ToastMessage, "id">): void {
  counter += 1;
  toasts.set([...toasts.get(), { ...message, id: counter }].slice(-SHOWN));
}

export function dismissToast(id: number): void {
  toasts.set(toasts.get().filter((message) => message.id !== id));
}
