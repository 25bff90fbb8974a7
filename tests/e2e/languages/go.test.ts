import { goProject } from "../../support/languages";
import { expectOutputs } from "./outputs";

test(
  "a program in Go",
  async () => {
    const program = `
package main

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

func main() {
	pulumi.Run(func(ctx *pulumi.Context) error {
		language := pulumi.String("Go").ToStringOutput()
		ctx.Export("said", pulumi.Sprintf("hello from %s", language))
		return nil
	})
}
`;
    await expectOutputs(await goProject(program), { said: "hello from Go" });
  },
  // The first one compiles the SDK.
  600_000,
);
