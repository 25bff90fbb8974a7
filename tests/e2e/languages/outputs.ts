import { createStack } from "../../support/engine";
import type { LanguageProject } from "../../support/languages";
import { mustUp } from "../updates";

/** Updates and destroys a stack of this project, whose outputs are these. */
export async function expectOutputs(
  project: LanguageProject,
  outputs: Readonly<Record<string, unknown>>,
): Promise<void> {
  const stack = await createStack(project);
  try {
    await mustUp(stack);
    expect(await stack.outputs()).toEqual(outputs);
    expect(await stack.destroy()).toMatchObject({ outcome: 0 });
  } finally {
    stack.dispose();
  }
}
