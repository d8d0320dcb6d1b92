/** An answer before its first word. */
export function Thinking() {
  return (
    <p role="status" className="flex h-6 items-center gap-1.5 text-muted">
      <span className="sr-only">The model is thinking</span>
      {[0, 150, 300].map((delay) => (
        <span
          key={delay}
          aria-hidden="true"
          className="size-1.5 animate-pulse rounded-full bg-current"
          style={{ animationDelay: `${delay}ms` }}
        />
      ))}
    </p>
  );
}
