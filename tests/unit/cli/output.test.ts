import { PassThrough } from "node:stream";
import { Output } from "../../../src/cli/output";
import { SigningKeyError } from "../../../src/errors";

const SECRET = "s3cr3t-of-the-application";
const TOKEN = `eyJ${"a".repeat(20)}.${"b".repeat(20)}.${"c".repeat(20)}`;

function written(json: boolean, use: (output: Output) => void): { stdout: string; stderr: string } {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  use(new Output(streams, json, { AUTH0_CLIENT_SECRET: SECRET }));
  const text = (stream: PassThrough): string => (stream.read() as Buffer | null)?.toString() ?? "";
  return { stdout: text(streams.stdout), stderr: text(streams.stderr) };
}

test.each<[string, boolean, string]>([
  ["words for people", false, "done\n"],
  ["one line of JSON for programs", true, '{"done":true}\n'],
])("a result is %s, and on standard output alone", (_, json, expected) => {
  const result = written(json, (output) => {
    output.result("done", { done: true });
  });
  expect(result).toEqual({ stdout: expected, stderr: "" });
});

test("progress goes to standard error, with --json too", () => {
  const result = written(true, (output) => {
    output.say("rotating");
  });
  expect(result).toEqual({ stdout: "", stderr: "rotating\n" });
});

test("an error is one line without a stack trace, and several refusals are one each", () => {
  const one = new SigningKeyError("rate_limited", { attempt: "a", observation: "b", remedy: "c" });
  const other = new SigningKeyError("no_next_key", { attempt: "d", observation: "e", remedy: "f" });
  const { stderr } = written(false, (output) => {
    output.fail(SigningKeyError.all([one, other]));
    output.fail(new TypeError("boom"));
    output.fail("a text");
  });
  expect(stderr.split("\n")).toEqual([
    "auth0-signing-keys: a: b; c [rate_limited]",
    "auth0-signing-keys: d: e; f [no_next_key]",
    "auth0-signing-keys: boom",
    "auth0-signing-keys: a text",
    "",
  ]);
});

test("no secret and no token comes out, whoever put it into the words", () => {
  const { stderr } = written(false, (output) => {
    output.say(`sent ${SECRET}`);
    output.fail(new Error(`answered ${TOKEN}`));
  });
  expect(stderr).toBe("sent [redacted]\nauth0-signing-keys: answered [redacted]\n");
});

test("what comes from a tenant can't steer the terminal", () => {
  const kid = "\u001b[2J\u001b]0;owned\u0007kid\r\u009b1m";
  const { stdout, stderr } = written(false, (output) => {
    output.result(`${kid}\nnext line`, {});
    output.say(kid);
  });
  expect([stdout, stderr]).toEqual([" [2J ]0;owned kid 1m\nnext line\n", " [2J ]0;owned kid 1m\n"]);
});
