/** A page of 100 APIs with a thousand scopes each is a third of it. */
const LARGEST_ANSWER_BYTES = 32 * 1024 * 1024;

/**
 * How every request to a tenant is made. No redirect is followed, for what is sent is for this host alone, and an answer
 * has an end, so that nobody can fill the memory.
 */
export const tenantFetch: typeof fetch = async (input, init) => {
  const response = await fetch(input, { ...init, redirect: "manual" });
  if (response.body === null) return response;
  return new Response(response.body.pipeThrough(atMost(LARGEST_ANSWER_BYTES)), response);
};

function atMost(limit: number): TransformStream<Uint8Array, Uint8Array> {
  let bytes = 0;
  return new TransformStream({
    transform(chunk, controller) {
      bytes += chunk.length;
      if (bytes <= limit) controller.enqueue(chunk);
      else controller.error(Object.assign(new Error("the answer is too long"), { code: "ANSWER_TOO_LONG" }));
    },
  });
}
