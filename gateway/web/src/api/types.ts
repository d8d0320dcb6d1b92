/** The gateway's resources under the names the interface uses; their fields are generated from its OpenAPI document. */
import type { MessageCreate } from "@/client";

export type {
  Asset,
  Attachment,
  CompareCreate as Comparison,
  Attempt,
  Code,
  CodeChange,
  CodeFault,
  CodeFileOutput as CodeFile,
  CodeFramework,
  CodeRefine,
  CodeSummary,
  CodeVersion,
  Conversation,
  ConversationDetail,
  ConversationPatch as ConversationChange,
  Dataset,
  DatasetFromRatings as RatedDataset,
  DatasetItem,
  DatasetPatch as DatasetChange,
  DatasetStatistics,
  DatasetVersion,
  DiscoveredEndpoint,
  Endpoint,
  EndpointCreateWritable as NewEndpoint,
  EndpointPatchWritable as EndpointChange,
  EndpointTest,
  EndpointTryWritable as TriedEndpoint,
  FieldLimits as FieldLimit,
  GenerateCodeRequest as CodeRequest,
  GenerationMode as GenerateMode,
  GenerationModel as DiffusionModel,
  GenerationOptions as GenerateOptions,
  Job,
  JobError,
  Message,
  MessageError,
  Model as RegisteredModel,
  ModelCreate as NewModel,
  ModelPatch as ModelChange,
  ModelStatistics,
  Price,
  Prices,
  Prompt,
  PromptCreate as NewPrompt,
  PromptPatch as PromptChange,
  Ratings,
  Routing,
  ServiceState,
  Usage,
  UsageItem,
} from "@/client";

export type JobStatus = import("@/client").Job["status"];
export type MessageRequest = MessageCreate;

export interface Page<T> {
  items: T[];
  next_cursor: string | null;
}
