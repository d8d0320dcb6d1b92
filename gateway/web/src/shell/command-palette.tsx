import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Command } from "cmdk";
import { MessageSquare, Plus, Sparkles, X } from "lucide-react";
import { Dialog as Radix } from "radix-ui";
import { type ReactNode, useState } from "react";
import { api } from "@/api/client";
import { useJobAction } from "@/jobs/actions";
import { useActiveJobs } from "@/jobs/store";
import { jobTitle } from "@/jobs/title";
import { conversationTitle } from "@/lib/format";
import { SECTIONS } from "./sections";
import { setTheme } from "./theme";
import { THEMES } from "./theme-menu";

interface CommandPaletteProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
}

const itemStyle =
  "flex cursor-pointer items-center gap-3 rounded-lg px-3 py-2 text-sm data-[selected=true]:bg-hover [&_svg]:size-4 [&_svg]:shrink-0 [&_svg]:text-muted";

function Group({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <Command.Group
      heading={heading}
      className="p-1.5 **:[[cmdk-group-heading]]:px-3 **:[[cmdk-group-heading]]:py-1.5 **:[[cmdk-group-heading]]:text-xs **:[[cmdk-group-heading]]:text-muted"
    >
      {children}
    </Command.Group>
  );
}

/** Everything by name: Ctrl-K or Cmd-K. */
export default function CommandPalette({ open, onOpenChange }: CommandPaletteProps) {
  const navigate = useNavigate();
  const act = useJobAction();
  const jobs = useActiveJobs();
  const [typed, setTyped] = useState("");
  const conversations = useQuery({
    queryKey: ["conversations", "palette"],
    queryFn: () => api.conversations({ limit: 30 }),
    enabled: open,
  });
  const run = (action: () => unknown) => () => {
    onOpenChange(false);
    void action();
  };
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className="fixed inset-0 z-40 bg-black/40 backdrop-blur-[2px]" />
        <Radix.Content
          aria-describedby={undefined}
          className="fixed top-[12dvh] left-1/2 z-50 w-[calc(100vw-2rem)] max-w-xl -translate-x-1/2 overflow-hidden rounded-2xl border bg-surface shadow-float outline-none"
        >
          <Radix.Title className="sr-only">Command palette</Radix.Title>
          <Command label="Command palette" loop>
            <Command.Input
              autoFocus
              value={typed}
              onValueChange={setTyped}
              placeholder="Go to, start, cancel…"
              className="h-13 w-full border-b bg-transparent px-5 text-base outline-none placeholder:text-muted"
            />
            <Command.List className="max-h-[55dvh] overflow-y-auto">
              <Command.Empty className="px-5 py-8 text-center text-muted">Nothing is called that.</Command.Empty>
              {typed.trim() !== "" && (
                <Group heading="With what you typed">
                  <Command.Item
                    value={`make picture ${typed}`}
                    onSelect={run(() => navigate({ to: "/text-to-image", search: { prompt: typed.trim() } }))}
                    className={itemStyle}
                  >
                    <Sparkles aria-hidden="true" />
                    <span className="truncate">Make a picture: “{typed.trim()}”</span>
                  </Command.Item>
                  <Command.Item
                    value={`ask chat ${typed}`}
                    onSelect={run(() => navigate({ to: "/chat", search: { prompt: typed.trim() } }))}
                    className={itemStyle}
                  >
                    <MessageSquare aria-hidden="true" />
                    <span className="truncate">Ask in a new chat: “{typed.trim()}”</span>
                  </Command.Item>
                </Group>
              )}
              <Group heading="Go to">
                {SECTIONS.flatMap((group) => group.items).map(({ to, label, icon: Icon, keywords }) => (
                  <Command.Item
                    key={to}
                    value={label}
                    keywords={keywords}
                    onSelect={run(() => navigate({ to }))}
                    className={itemStyle}
                  >
                    <Icon aria-hidden="true" />
                    {label}
                  </Command.Item>
                ))}
              </Group>
              <Group heading="Do">
                <Command.Item
                  value="New conversation"
                  keywords={["chat"]}
                  onSelect={run(() => navigate({ to: "/chat" }))}
                  className={itemStyle}
                >
                  <Plus aria-hidden="true" />
                  New conversation
                </Command.Item>
                {THEMES.map(({ value, label, icon: Icon }) => (
                  <Command.Item
                    key={value}
                    value={`${label} theme`}
                    keywords={["appearance"]}
                    onSelect={run(() => setTheme(value))}
                    className={itemStyle}
                  >
                    <Icon aria-hidden="true" />
                    {label} theme
                  </Command.Item>
                ))}
                {jobs.map((job) => (
                  <Command.Item
                    key={job.id}
                    value={`Cancel ${jobTitle(job)} ${job.id}`}
                    onSelect={run(() => act(job.id, "cancel"))}
                    className={itemStyle}
                  >
                    <X aria-hidden="true" />
                    <span className="truncate">Cancel: {jobTitle(job)}</span>
                  </Command.Item>
                ))}
              </Group>
              {conversations.data && conversations.data.items.length > 0 && (
                <Group heading="Conversations">
                  {conversations.data.items.map((conversation) => (
                    <Command.Item
                      key={conversation.id}
                      value={`${conversationTitle(conversation)} ${conversation.id}`}
                      onSelect={run(() =>
                        navigate({ to: "/chat/$conversationId", params: { conversationId: conversation.id } }),
                      )}
                      className={itemStyle}
                    >
                      <MessageSquare aria-hidden="true" />
                      <span className="truncate">{conversationTitle(conversation)}</span>
                    </Command.Item>
                  ))}
                </Group>
              )}
            </Command.List>
          </Command>
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}
