import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api } from "@/api/client";
import { asProblem, type Problem } from "@/api/problem";
import type { Board } from "@/api/types";
import { Button } from "@/components/button/button";
import { Dialog } from "@/components/dialog/dialog";
import { Field } from "@/components/field/field";
import { Input } from "@/components/input/input";
import { ProblemNotice } from "@/components/problem-notice/problem-notice";

interface BoardDialogProps {
  /** Which one is named; null = the dialog is closed. */
  board: Board | "new" | null;
  onClose: () => void;
  onMade?: (board: Board) => void;
}

function NameForm({ board, onClose, onMade }: BoardDialogProps & { board: Board | "new" }) {
  const queries = useQueryClient();
  const [name, setName] = useState(board === "new" ? "" : board.name);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem | null>(null);
  const save = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      const made = board === "new" ? await api.createBoard(name) : await api.changeBoard(board.id, { name });
      await queries.invalidateQueries({ queryKey: ["boards"] });
      onClose();
      if (board === "new") onMade?.(made);
    } catch (error) {
      setProblem(asProblem(error));
    } finally {
      setBusy(false);
    }
  };
  const fault = problem?.field("name");
  return (
    <form onSubmit={(event) => void save(event)} className="grid gap-4">
      {problem !== null && fault === undefined && <ProblemNotice error={problem} />}
      <Field label="Name" error={fault}>
        {(control) => (
          <Input {...control} value={name} maxLength={100} onChange={(event) => setName(event.target.value)} />
        )}
      </Field>
      <Button type="submit" look="primary" busy={busy} disabled={name.trim() === ""} className="justify-self-end">
        {board === "new" ? "Make the board" : "Rename"}
      </Button>
    </form>
  );
}

/** Makes a board or gives one another name. */
export function BoardDialog({ board, onClose, onMade }: BoardDialogProps) {
  return (
    <Dialog
      open={board !== null}
      onOpenChange={(next) => !next && onClose()}
      title={board === "new" ? "New board" : "Rename the board"}
    >
      {board !== null && <NameForm board={board} onClose={onClose} {...(onMade ? { onMade } : {})} />}
    </Dialog>
  );
}
