import { PassThrough } from "node:stream";
import { confirm } from "../../../../src/cli/emergency/confirm";
import { DOMAIN } from "../../keyRingOf";

async function answer(typed: string): Promise<{ confirmed: boolean; asked: string }> {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const confirmed = confirm(DOMAIN, input, output);
  input.end(typed);
  return { confirmed: await confirmed, asked: (output.read() as Buffer).toString() };
}

test("the question says that there is no way back, and what to type", async () => {
  const { asked } = await answer("\n");
  expect(asked).toBe(`Auth0 can't undo a revocation. Type ${DOMAIN} to go on: `);
});

test.each<[string, string, boolean]>([
  ["the domain is a yes", `${DOMAIN}\n`, true],
  ["spaces around it are no matter", ` ${DOMAIN} \n`, true],
  ["another domain is a no", "other.auth0.com\n", false],
  ["yes is a no", "yes\n", false],
  ["nothing is a no", "\n", false],
  ["the end of input is a no", "", false],
])("%s", async (_, typed, expected) => {
  expect((await answer(typed)).confirmed).toBe(expected);
});
