import { useQueryClient } from "@tanstack/react-query";
import { api } from "@/api/client";
import type { Dataset } from "@/api/types";
import { Confirm } from "@/components/confirm/confirm";
import { datasetName } from "./describe";

interface DeleteDatasetProps {
  /** Null = closed. */
  dataset: Dataset | null;
  onClose: () => void;
  onDeleted?: () => unknown;
}

/** Asks before a dataset is deleted. */
export function DeleteDataset({ dataset, onClose, onDeleted }: DeleteDatasetProps) {
  const queries = useQueryClient();
  return (
    <Confirm
      open={dataset !== null}
      onOpenChange={(open) => !open && onClose()}
      title={`Delete ${dataset === null ? "" : datasetName(dataset)}?`}
      description="All its versions will be gone for good. The conversations it was made of stay, and so do your ratings."
      action="Delete"
      onConfirm={async () => {
        if (dataset === null) return;
        await api.deleteDataset(dataset.id);
        await onDeleted?.();
        queries.removeQueries({ queryKey: ["dataset", dataset.id] });
        await Promise.all(
          [["datasets"], ["ratings"]].map((queryKey) => queries.invalidateQueries({ queryKey })),
        );
      }}
    />
  );
}
