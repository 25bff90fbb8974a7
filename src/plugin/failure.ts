import type { StatusObject } from "@grpc/grpc-js";
import { ErrorResourceInitFailed } from "@pulumi/pulumi/proto/provider_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { PartialFailure } from "../lifecycle/partialFailure";
import { Any, grpc } from "./grpc";
import { toSend } from "./properties";

/** Where gRPC keeps what an error has to say besides its message. */
const DETAILS = "grpc-status-details-bin";

/** A failure with something to record, of which what came in as a secret is one in what is recorded too. */
class FailureWithSecrets extends Error {
  constructor(
    override readonly cause: PartialFailure,
    readonly secret: ReadonlySet<string>,
  ) {
    super(cause.message, { cause });
  }
}

/** Does what may fail half-way. @param secret of the inputs */
export async function keepingSecret<T>(secret: ReadonlySet<string>, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw error instanceof PartialFailure ? new FailureWithSecrets(error, secret) : error;
  }
}

/** An error as the engine is told it: with what has happened all the same, for it to record. */
export function failure(error: unknown): Partial<StatusObject> {
  const details = error instanceof Error ? error.message : String(error);
  const code = grpc.status.UNKNOWN;
  if (!(error instanceof FailureWithSecrets)) return { code, details };
  const { id, properties, reasons } = error.cause;
  const failed = new ErrorResourceInitFailed()
    .setId(id)
    .setProperties(toSend(properties, error.secret))
    .setReasonsList(reasons);
  const any = new Any();
  any.pack(failed.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
  const status = new Status().setCode(code).setMessage(details).setDetailsList([any]);
  const metadata = new grpc.Metadata();
  metadata.add(DETAILS, Buffer.from(status.serializeBinary()));
  return { code, details, metadata };
}
