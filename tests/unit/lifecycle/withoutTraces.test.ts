import { SigningKeyError } from "../../../src/errors";
import { withoutTraces } from "../../../src/lifecycle/withoutTraces";

const refusal = (): SigningKeyError =>
  new SigningKeyError("wrong_tenant", { attempt: "a", observation: "b", remedy: "c" });

test("an answer goes through", async () => {
  expect(await withoutTraces(() => 7)).toBe(7);
  expect(await withoutTraces(() => Promise.resolve(8))).toBe(8);
});

test.each<[string, (error: Error) => Promise<never>]>([
  [
    "thrown",
    (error) => {
      throw error;
    },
  ],
  ["rejected", (error) => Promise.reject(error)],
])("a refusal that is %s loses its stack, not its words", async (_, fail) => {
  const error = refusal();
  await expect(withoutTraces(() => fail(error))).rejects.toBe(error);
  expect(error.stack).toBe("");
  expect(error.message).toBe("a: b; c [wrong_tenant]");
});

test("a defect keeps its stack, to be found", async () => {
  const error = new TypeError("undefined is not a function");
  await expect(withoutTraces(() => Promise.reject(error))).rejects.toBe(error);
  expect(error.stack).toContain("withoutTraces.test");
});
