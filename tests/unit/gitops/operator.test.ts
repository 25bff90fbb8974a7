import { operatorResources, operatorStacks } from "./files";

const resources = operatorResources();
const stacks = operatorStacks();
const [rotation, revocation] = ["signing-keys", "signing-keys-revocation"].map((namespace) =>
  stacks.find(({ metadata }) => metadata.namespace === namespace),
);

test("one Stack rotates and another revokes, in namespaces of their own", () => {
  expect(stacks).toHaveLength(2);
  expect(rotation?.spec).toMatchObject({ stack: "acme/signing-keys/production", repoDir: "signing-keys" });
  expect(revocation?.spec).toMatchObject({
    stack: "acme/signing-keys-revocation/production",
    repoDir: "signing-keys-revocation",
  });
});

test("every namespace and service account that is named is there, and may be asked who it is", () => {
  const names = (kind: string): string[] =>
    resources
      .filter((one) => one.kind === kind)
      .map(({ metadata: { namespace = "", name } }) => `${namespace}/${name}`);
  for (const { metadata, spec } of stacks) {
    const { namespace = "" } = metadata;
    expect(names("Namespace")).toContain(`/${namespace}`);
    expect(names("ServiceAccount")).toContain(`${namespace}/${String(spec["serviceAccountName"])}`);
  }
  const bound = resources.flatMap(({ subjects = [] }) =>
    subjects.map(({ namespace, name }) => `${namespace}/${name}`),
  );
  expect(bound.sort()).toEqual(names("ServiceAccount").sort());
});

test("both follow main, resync without an edit, and lose no record", () => {
  for (const { spec } of stacks) {
    expect(spec).toMatchObject({
      branch: "main",
      continueResyncOnCommitMatch: true,
      resyncFrequencySeconds: 3600,
      retryOnUpdateConflict: true,
      destroyOnFinalize: false,
      useLocalStackOnly: true,
    });
    expect(spec).not.toHaveProperty("commit");
  }
  expect([rotation?.spec["refresh"], revocation?.spec["refresh"]]).toEqual([true, false]);
});

test("credentials come from Secrets by way of the environment alone", () => {
  for (const { spec } of stacks) {
    const { AUTH0_DOMAIN, ...secret } = spec.envRefs;
    expect(AUTH0_DOMAIN?.type).toBe("Literal");
    expect(Object.keys(secret)).toEqual([
      "PULUMI_ACCESS_TOKEN",
      "AUTH0_CLIENT_ID",
      "AUTH0_CLIENT_ASSERTION_PRIVATE_KEY",
    ]);
    for (const { type, secret: reference } of Object.values(secret)) {
      expect(type).toBe("Secret");
      expect(reference).toEqual({ name: expect.any(String) as string, key: expect.any(String) as string });
    }
    for (const other of ["config", "secretsRef", "secrets", "environment"])
      expect(spec).not.toHaveProperty(other);
  }
});
