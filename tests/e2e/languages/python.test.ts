import { pythonProject } from "../../support/languages";
import { expectOutputs } from "./outputs";

test(
  "a program in Python",
  async () => {
    const program = `
import pulumi

language = pulumi.Output.from_input("Python")
pulumi.export("said", pulumi.Output.concat("hello from ", language))
`;
    await expectOutputs(await pythonProject(program), { said: "hello from Python" });
  },
  // The first one installs the SDK.
  300_000,
);
