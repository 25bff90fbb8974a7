import { yamlProject } from "../../support/languages";
import { expectOutputs } from "./outputs";

test("a program in YAML", async () => {
  const program = `
variables:
  language: YAML
outputs:
  said: hello from \${language}
`;
  await expectOutputs(yamlProject(program), { said: "hello from YAML" });
}, 60_000);
