import { useQueryClient } from "@tanstack/react-query";
import { ThumbsDown, ThumbsUp } from "lucide-react";
import { useState } from "react";
import { api } from "@/api/client";
import { asProblem } from "@/api/problem";
import { conversationQuery } from "@/api/queries";
import type { Message } from "@/api/types";
import { IconButton } from "@/components/icon-button/icon-button";
import { toast } from "@/components/toast/toast-store";

interface RatingProps {
  conversationId: string;
  message: Message;
  /** Named in the labels where several answers stand side by side. */
  of?: string;
  onRated?: (message: Message) => void;
}

/** What one thinks of an answer; pressing again takes it back. */
export function Rating({ conversationId, message, of = "", onRated }: RatingProps) {
  const queries = useQueryClient();
  const [wanted, setWanted] = useState<Message["rating"] | undefined>(undefined);
  const shown = wanted === undefined ? message.rating : wanted;
  const rate = async (pressed: 1 | -1) => {
    // Not disabled meanwhile: the keyboard would lose its place.
    if (wanted !== undefined) return;
    const rating = shown === pressed ? null : pressed;
    setWanted(rating);
    try {
      const rated = await api.rateMessage(conversationId, message.id, rating);
      queries.setQueryData(
        conversationQuery(conversationId).queryKey,
        (detail) =>
          detail && { ...detail, messages: detail.messages.map((one) => (one.id === rated.id ? rated : one)) },
      );
      void queries.invalidateQueries({ queryKey: ["ratings"] });
      onRated?.(rated);
    } catch (error) {
      toast({ tone: "danger", title: "The rating was not kept", detail: asProblem(error).message });
    } finally {
      setWanted(undefined);
    }
  };
  const name = of === "" ? "answer" : `answer of ${of}`;
  return (
    <>
      <IconButton
        label={`Good ${name}`}
        aria-pressed={shown === 1}
        className={shown === 1 ? "text-accent hover:text-accent" : ""}
        onClick={() => void rate(1)}
      >
        <ThumbsUp className={shown === 1 ? "fill-accent-soft" : ""} />
      </IconButton>
      <IconButton
        label={`Bad ${name}`}
        aria-pressed={shown === -1}
        className={shown === -1 ? "text-danger hover:text-danger" : ""}
        onClick={() => void rate(-1)}
      >
        <ThumbsDown className={shown === -1 ? "fill-danger-soft" : ""} />
      </IconButton>
    </>
  );
}
