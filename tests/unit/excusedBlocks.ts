/** A `sh` block of a document that no test runs as it is written. */
interface Excuse {
  readonly document: string;
  readonly heading: string;
  readonly index: number;
  readonly why: string;
}

const PUBLICATION = "installs the package from npm, where it is not published yet";
const GENERATION =
  "needs language hosts that can generate SDKs; the tests generate the same with Pulumi's own generators";
const CHECKOUT = "installs, builds and runs the checkout that the tests themselves run in";
const BOOTSTRAP = "examples/bootstrap/README.md";
const PROMPT = "asks for the client secret on a terminal";

/** The blocks that can't be run, each with the reason. */
export const EXCUSED: readonly Excuse[] = [
  excuse("CONTRIBUTING.md", "Contributing", 0, CHECKOUT),
  excuse("README.md", "Try it", 0, "downloads an engine; npm test uses the same tools to find one"),
  excuse("README.md", "Try it", 1, "tests/e2e/examples.test.ts runs the program behind it"),
  excuse("README.md", "Try it", 2, "runs until Ctrl-C; the tests start the same emulator"),
  excuse("README.md", "Try it", 3, "sets up this checkout as a project, beside the tests that are using it"),
  excuse("README.md", "Install", 0, PUBLICATION),
  excuse("README.md", "Install", 1, PROMPT),
  excuse(
    "README.md",
    "In an emergency",
    0,
    "tests/e2e/emergency.test.ts does it with the example's settings",
  ),
  excuse(
    "README.md",
    "Receipts",
    0,
    "tests/integration/cliAudit.test.ts runs the command against the emulator",
  ),
  excuse("README.md", "Tests", 0, "is what runs the tests"),
  excuse("docs/errors.md", "The stack is locked after a kill", 0, "is run as a block of examples/emergency"),
  excuse(
    "docs/guides/saml-and-wsfed.md",
    "Find them",
    0,
    "needs the Auth0 CLI, logged in to a tenant whose applications have add-ons",
  ),
  excuse("docs/guides/upgrading.md", "The package", 0, PUBLICATION),
  excuse("docs/guides/other-languages.md", "Install", 0, PUBLICATION),
  excuse("docs/guides/other-languages.md", "Install", 1, GENERATION),
  excuse(
    BOOTSTRAP,
    "1. Sign in as an administrator",
    0,
    "the test that runs the rest sets it for the engine",
  ),
  excuse(
    BOOTSTRAP,
    "1. Sign in as an administrator",
    1,
    "the tests ask the control API for the same application",
  ),
  excuse(BOOTSTRAP, "3. Create", 0, PUBLICATION),
  excuse(BOOTSTRAP, "4. Hand over", 0, "needs Pulumi Cloud"),
  excuse("examples/emergency/README.md", "By day: have it ready", 0, PROMPT),
  excuse("examples/emergency/README.md", "Without a stack, its state or CI", 0, PUBLICATION),
  excuse(
    "examples/gitops/README.md",
    "Once for each tenant",
    0,
    "needs an organization in Pulumi Cloud; tests/e2e/gitops.test.ts sets up the same stacks",
  ),
  excuse("examples/gitops/README.md", "Kubernetes", 0, "needs a cluster with the operator"),
  excuse(
    "examples/policy/README.md",
    "Policy: what a review would look for, checked by the pipeline",
    0,
    PUBLICATION,
  ),
  excuse(
    "examples/policy/README.md",
    "Policy: what a review would look for, checked by the pipeline",
    1,
    "tests/e2e/policy.test.ts runs the pack under a runtime that an engine built with Go can start",
  ),
  excuse("examples/go/README.md", "Go: rotate, hand on the certificates, revoke", 0, PUBLICATION),
  excuse("examples/python/README.md", "Python: rotate, hand on the certificates, revoke", 0, PUBLICATION),
  excuse("examples/yaml/README.md", "YAML: rotate, hand on the certificates, revoke", 0, PUBLICATION),
  excuse("examples/quickstart/README.md", "1. Install", 0, PUBLICATION),
  excuse(
    "examples/quickstart/README.md",
    "2. A tenant",
    0,
    "runs until Ctrl-C; the tests start the same emulator",
  ),
  excuse(
    "examples/quickstart/README.md",
    "2. A tenant",
    1,
    "the tests set it for each engine that they start",
  ),
  excuse("examples/quickstart/README.md", "3. Credentials", 0, PROMPT),
  excuse(
    "examples/rollover/README.md",
    "See it under load, on your machine alone",
    0,
    "tests/e2e/examples.test.ts runs the program behind it",
  ),
  excuse("examples/rollover/README.md", "With your tenant", 0, PROMPT),
];

function excuse(document: string, heading: string, index: number, why: string): Excuse {
  return { document, heading, index, why };
}
