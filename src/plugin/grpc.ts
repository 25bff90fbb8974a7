/**
 * gRPC and protobuf as Pulumi's SDK has them, whose generated messages and clients take nothing from another copy: so
 * these are no dependencies of this package.
 */
import { createRequire } from "node:module";
import type * as Grpc from "@grpc/grpc-js";
import type * as AnyModule from "google-protobuf/google/protobuf/any_pb";
import type * as EmptyModule from "google-protobuf/google/protobuf/empty_pb";
import type * as StructModule from "google-protobuf/google/protobuf/struct_pb";

const ofPulumi = createRequire(require.resolve("@pulumi/pulumi"));

export const grpc = ofPulumi("@grpc/grpc-js") as typeof Grpc;
export const { Any } = ofPulumi("google-protobuf/google/protobuf/any_pb") as typeof AnyModule;
export const { Empty } = ofPulumi("google-protobuf/google/protobuf/empty_pb") as typeof EmptyModule;
export const { Struct } = ofPulumi("google-protobuf/google/protobuf/struct_pb") as typeof StructModule;

/** The answer to a call of a client's, which tells it to a callback. */
export function answerTo<T>(
  call: (callback: (error: Grpc.ServiceError | null, answer: T) => void) => unknown,
): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, answer) => {
      if (error === null) resolve(answer);
      else reject(error);
    });
  });
}
