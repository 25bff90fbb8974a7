import { waitUntil } from "../../../src/tenant/wait";
import { FakeClock } from "../fakeClock";

interface Outcome {
  answer: string | undefined;
  probes: number;
  said: string[];
  clock: FakeClock;
}

/** Waits with a deadline for something that is there after so many seconds of a clock that only sleeping moves. */
async function waitFor({ after, deadline }: { after: number; deadline: number }): Promise<Outcome> {
  const clock = new FakeClock();
  const start = clock.now().getTime();
  const said: string[] = [];
  let probes = 0;
  const probe = (): Promise<string | undefined> => {
    probes += 1;
    return Promise.resolve(clock.now().getTime() - start >= after * 1000 ? "there" : undefined);
  };
  const options = { clock, deadline: deadline * 1000, say: (message: string) => said.push(message) };
  const answer = await waitUntil("the new key in the JWKS", probe, options);
  return { answer, probes, said, clock };
}

test("what is there at once is answered at once, without a pause or a word", async () => {
  const { answer, probes, said, clock } = await waitFor({ after: 0, deadline: 60 });
  expect({ answer, probes, said, pauses: clock.pauses }).toEqual({
    answer: "there",
    probes: 1,
    said: [],
    pauses: [],
  });
});

test("asks at growing intervals of two seconds at the most", async () => {
  const { answer, clock } = await waitFor({ after: 9, deadline: 60 });
  expect(answer).toBe("there");
  expect(clock.pauses).toEqual([250, 500, 1000, 2000, 2000, 2000, 2000]);
});

test("says nothing in the first two seconds", async () => {
  const { said } = await waitFor({ after: 1.75, deadline: 60 });
  expect(said).toEqual([]);
});

test("says progress after two seconds and then every ten, with the seconds waited and the deadline", async () => {
  const { said } = await waitFor({ after: 30, deadline: 60 });
  const seconds = said.map((line) =>
    Number(/^waiting for the new key in the JWKS \((\d+) s of at most 60 s\)$/.exec(line)?.[1]),
  );
  expect(seconds[0]).toBeGreaterThanOrEqual(2);
  expect(seconds[0]).toBeLessThanOrEqual(4);
  const pauses = seconds.slice(1).map((second, index) => second - (seconds[index] ?? 0));
  expect(pauses).toHaveLength(2);
  expect(pauses.every((pause) => pause >= 10 && pause <= 12)).toBe(true);
});

test("gives up at the deadline, having asked once more at that very time", async () => {
  const { answer, clock } = await waitFor({ after: 60, deadline: 5 });
  expect(answer).toBeUndefined();
  expect(clock.pauses).toEqual([250, 500, 1000, 2000, 1250]);
});

test("what appears right at the deadline is still seen", async () => {
  const { answer } = await waitFor({ after: 5, deadline: 5 });
  expect(answer).toBe("there");
});

test("a deadline of zero asks once", async () => {
  const { answer, probes } = await waitFor({ after: 1, deadline: 0 });
  expect({ answer, probes }).toEqual({ answer: undefined, probes: 1 });
});

test("what the probe throws ends the wait", async () => {
  const failure = new Error("403");
  const clock = new FakeClock();
  const wait = waitUntil("it", () => Promise.reject(failure), {
    clock,
    deadline: 60_000,
    say: () => undefined,
  });
  await expect(wait).rejects.toBe(failure);
  expect(clock.pauses).toEqual([]);
});
