import { OutcomeUnknownError, RateLimitedError, SigningKeyError } from "../../src/errors";

const parts = {
  attempt: "revoking key abc on acme.eu.auth0.com",
  observation: "403 insufficient_scope",
  remedy: "grant the application update:signing_keys",
};

test("an error says what was attempted, what was seen and what to do, and its code", () => {
  const cause = new Error("from below");
  const error = new SigningKeyError("insufficient_scope", { ...parts, cause });
  expect(error.message).toBe(
    "revoking key abc on acme.eu.auth0.com: 403 insufficient_scope; grant the application update:signing_keys [insufficient_scope]",
  );
  expect(error).toMatchObject({
    name: "SigningKeyError",
    code: "insufficient_scope",
    attempt: parts.attempt,
    cause,
  });
  expect(error).toBeInstanceOf(Error);
});

test("without a cause an error has none", () => {
  expect(new SigningKeyError("insufficient_scope", parts)).not.toHaveProperty("cause");
});

test("an unknown outcome asks for no blind repetition", () => {
  const error = new OutcomeUnknownError({ attempt: parts.attempt, observation: "timed out" });
  expect(error).toBeInstanceOf(SigningKeyError);
  expect(error.code).toBe("outcome_unknown");
  expect(error.message).toBe(
    `${parts.attempt}: timed out, so whether it took effect is unknown; ` +
      "run it again: the key ring is looked at before anything is repeated [outcome_unknown]",
  );
});

test("a rate limit says until when it holds", () => {
  const resetAt = new Date("2026-03-10T12:00:00.000Z");
  const error = new RateLimitedError(parts, { resetAt });
  expect(error).toMatchObject({ code: "rate_limited", rateLimit: { resetAt } });
  expect(error).toBeInstanceOf(SigningKeyError);
});

describe("several refusals", () => {
  const young = new SigningKeyError("key_too_young", { ...parts, observation: "current for 1 minute" });
  const scope = new SigningKeyError("insufficient_scope", parts);

  test("none is none", () => {
    expect(SigningKeyError.all([])).toBeUndefined();
  });
  test("one is itself", () => {
    expect(SigningKeyError.all([scope])).toBe(scope);
  });
  test("more are one error that says them all, with the first one's code", () => {
    const all = SigningKeyError.all([young, scope]);
    expect(all).toBeInstanceOf(SigningKeyError);
    expect(all?.code).toBe("key_too_young");
    expect(all?.message).toBe(`${young.message}\n${scope.message}`);
  });
});
