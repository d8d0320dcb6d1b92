import type { StreamState } from "@/api/event-stream";
import { createValue } from "@/lib/value";

/** How the live connection is; "waiting" = broken, about to try again. */
export const connectionState = createValue<StreamState>("connecting");
