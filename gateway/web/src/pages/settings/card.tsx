import type { ReactNode } from "react";

/** A part of the settings: what it is about on the left, its controls on the right. */
export function Card({ title, about, children }: { title: string; about: ReactNode; children: ReactNode }) {
  return (
    <section className="grid grid-cols-1 gap-4 rounded-2xl border bg-surface p-5 shadow-card md:grid-cols-[14rem_1fr] md:gap-8">
      <div>
        <h2 className="font-semibold">{title}</h2>
        <p className="mt-1 text-pretty text-muted">{about}</p>
      </div>
      <div className="grid min-w-0 grid-cols-1 content-start gap-4">{children}</div>
    </section>
  );
}
