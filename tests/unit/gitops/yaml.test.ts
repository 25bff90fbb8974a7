import { parseAllDocuments } from "yaml";
import { yamlFiles } from "./files";

const files = yamlFiles();

test("the example has its pipelines", () => {
  expect(files.map(({ name }) => name)).toEqual([
    "esc/preview.yaml",
    "esc/revocation.yaml",
    "esc/rotation.yaml",
    "github/workflows/signing-keys-revocation.yml",
    "github/workflows/signing-keys.yml",
    "gitlab/.gitlab-ci.yml",
    "kubernetes-operator/access.yaml",
    "kubernetes-operator/revocation.yaml",
    "kubernetes-operator/rotation.yaml",
    "revocation/Pulumi.production.yaml",
    "revocation/Pulumi.yaml",
    "rotation/Pulumi.production.yaml",
    "rotation/Pulumi.yaml",
  ]);
});

test.each(files)("$name is strict YAML: no key twice, nothing that a parser would warn of", ({ text }) => {
  const documents = parseAllDocuments(text, { strict: true, uniqueKeys: true, stringKeys: true });
  if (!Array.isArray(documents)) throw new Error("it is empty");
  for (const { errors, warnings } of documents) expect([errors, warnings]).toEqual([[], []]);
  expect(text).toMatch(/[^\n]\n$/);
  expect(text).not.toMatch(/\t|[ ]+$/m);
});

/** GitHub's own key, which YAML 1.1 takes for `true`. */
const ON = /^on:$/m;

test.each(files)("$name means the same in YAML 1.1 and 1.2", ({ text }) => {
  const [older, newer] = (["1.1", "1.2"] as const).map((version) =>
    parseAllDocuments(text.replace(ON, "'on':"), { version }).map((document) => document.toJS() as unknown),
  );
  expect(older).toEqual(newer);
  expect(older?.length).toBeGreaterThan(0);
});
