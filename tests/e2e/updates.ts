import type { Stack } from "../support/engine";

/** An update that succeeds. */
export async function mustUp(stack: Stack, ...flags: string[]): Promise<string> {
  const { outcome, output } = await stack.up(...flags);
  if (outcome !== 0) throw new Error(output);
  return output;
}

/** An update that is refused, or fails, with this code. */
export async function mustFail(stack: Stack, code: string, ...flags: string[]): Promise<string> {
  const { outcome, output } = await stack.up(...flags);
  expect(outcome).not.toBe(0);
  expect(output).toContain(code);
  return output;
}
