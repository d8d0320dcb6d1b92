import { memo } from "react";
import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import { CodeBlock } from "./code-block";

// react-markdown builds elements, never HTML: raw tags in an answer are shown as text, and unsafe link schemes are dropped.
const components: Components = {
  a: ({ node: _, ...rest }) => <a {...rest} target="_blank" rel="noreferrer noopener" />,
  // A remote picture would tell its server who reads which answer.
  img: ({ src, alt }) => (
    <a href={typeof src === "string" ? src : undefined} target="_blank" rel="noreferrer noopener">
      {alt || "picture"}
    </a>
  ),
  pre: ({ children }) => <>{children}</>,
  code: ({ className, children }) => {
    const text = String(children);
    const language = /language-([\w+#-]+)/.exec(className ?? "")?.[1];
    return language !== undefined || text.includes("\n") ? (
      <CodeBlock code={text.replace(/\n$/, "")} language={language ?? ""} />
    ) : (
      <code className="rounded bg-hover px-1 py-0.5 font-mono text-[0.85em] break-words">{children}</code>
    );
  },
  table: ({ node: _, ...rest }) => (
    <div className="my-3 overflow-x-auto">
      <table {...rest} />
    </div>
  ),
};

const plugins = [remarkGfm];

/** A message's text as Markdown. */
export const Markdown = memo(function Markdown({ text }: { text: string }) {
  return (
    <div className="prose-answer">
      <ReactMarkdown remarkPlugins={plugins} components={components}>
        {text}
      </ReactMarkdown>
    </div>
  );
});
