import { durationMilliseconds, inWords, parseDuration } from "../../src/duration";

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const DAY = 24 * HOUR;

test.each([
  ["0s", 0],
  ["250ms", 250],
  ["90s", 90 * SECOND],
  ["15m", 900 * SECOND],
  ["24h", DAY],
  ["24 h", DAY],
  ["1.5h", 1.5 * HOUR],
  ["7d", 7 * DAY],
  ["2w", 14 * DAY],
  ["36 hours", 36 * HOUR],
  ["1D", DAY],
  ["10y", 10 * 365.25 * DAY],
])("%s is a duration", (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
  expect(durationMilliseconds(text)).toBe(milliseconds);
});

test.each([
  ["a number without a unit", "24"],
  ["a negative number", "-1h"],
  ["a sign", "+1h"],
  ["a unit without a number", "h"],
  ["an unknown unit", "3 fortnights"],
  ["ISO 8601", "PT24H"],
  ["several units", "1h30m"],
  ["more than ten years", "11y"],
  ["a number beyond all bounds", `${"9".repeat(400)}s`],
  ["an exponent", "1e3s"],
  ["hexadecimal", "0x10s"],
  ["a word", "auto"],
  ["leading space", " 1h"],
  ["nothing", ""],
])("%s is no duration", (_, text) => {
  expect(parseDuration(text)).toBeUndefined();
  expect(() => durationMilliseconds(text)).toThrow(new RangeError(`not a duration: ${JSON.stringify(text)}`));
});

test.each([
  [1_000, "1 second"],
  [180 * SECOND, "3 minutes"],
  [HOUR, "1 hour"],
  [2 * DAY, "2 days"],
])("%d ms in words: %s", (milliseconds, words) => {
  expect(inWords(milliseconds)).toBe(words);
});
