import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { installPythonSdk, pythonEnvironment } from "../support/languages";
import { run } from "../support/sdk";

// The first run compiles the generator and installs Pulumi's SDK for Python.
jest.setTimeout(600_000);

const folder = mkdtempSync(path.join(tmpdir(), "signing-keys-python-"));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const PROGRAM = `
import json
import pulumi
import pulumi_auth0_signing_keys as keys

RETIRED = {
    "kid": "a",
    "generation": 2,
    "retiredAt": "2026-03-10T12:00:00Z",
    "revokeDueAt": "2026-03-11T12:00:00Z",
    "derivedFrom": {"accessTokenSeconds": 600, "accessTokenOf": "api"},
}
inputs = {}


class Mocks(pulumi.runtime.Mocks):
    def new_resource(self, args):
        inputs[args.name] = args.inputs
        return args.name, {**args.inputs, "retired": [RETIRED]} if args.name == "rotation" else args.inputs

    def call(self, args):
        return {}


pulumi.runtime.set_mocks(Mocks())


@pulumi.runtime.test
def program():
    rotation = keys.SigningKeyRotation("rotation", generation=2, grace_period="auto", tenant={"client_secret": "b"})
    revocation = keys.SigningKeyRevocation("revocation", retired=rotation.retired)
    named = keys.SigningKeyRevocation("named", retired=[{"kid": "a"}, keys.RetiredKeyArgs(kid="c", revoke_due_at="d")])
    return pulumi.Output.all(revocation.urn, named.urn)


program()
print(json.dumps({"inputs": inputs, "retired": RETIRED}))
`;

test("the SDK for Python compiles and installs; with it, what a rotation retired is revoked when it is due, not at once", () => {
  const environment = pythonEnvironment();
  const python = path.join(environment, "bin/python");
  const packages = installPythonSdk(environment, folder);
  run(python, ["-m", "compileall", "-q", packages], folder);
  writeFileSync(path.join(folder, "program.py"), PROGRAM);
  const said = run(python, ["program.py"], folder, { PYTHONPATH: packages });
  const { inputs, retired } = JSON.parse(said) as Record<string, unknown>;
  expect(inputs).toEqual({
    rotation: {
      generation: 2,
      gracePeriod: "auto",
      // How the engine is told of a secret.
      tenant: {
        "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
        value: { clientSecret: "b" },
      },
    },
    revocation: { retired: [retired] },
    named: { retired: [{ kid: "a" }, { kid: "c", revokeDueAt: "d" }] },
  });
});
