import Table from "cli-table3";
import type { Request } from "../tenants";
import { CASES } from "./cases";
import { SCENARIOS } from "./scenarios";

const FRAME = Object.fromEntries(
  [
    "top",
    "top-mid",
    "top-left",
    "top-right",
    "bottom",
    "bottom-mid",
    "bottom-left",
    "bottom-right",
    "left",
    "left-mid",
    "mid",
    "mid-mid",
    "right",
    "right-mid",
  ].map((part) => [part, ""]),
);

/**
 * What came of each request and fault, a column a scenario: the code, or `ok`; where a scenario makes the request more
 * than once and it matters which of them meets the fault, both.
 * @param outcomes the code by the name of the case
 */
export function outcomeTable(outcomes: ReadonlyMap<string, string>): string {
  const table = new Table({
    head: ["request", "fault", ...SCENARIOS.map(({ name }) => name)],
    chars: { ...FRAME, middle: "  " },
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0, compact: true },
  });
  for (const { request, name } of rows()) {
    const cells = SCENARIOS.map((scenario) => {
      const met = CASES.filter(
        (each) => each.scenario === scenario && each.request === request && each.misbehaviour.name === name,
      );
      return [...new Set(met.map((each) => outcomes.get(each.name) ?? "?"))].join(" / ");
    });
    table.push([request, name, ...cells]);
  }
  return table.toString().replaceAll(/ +$/gm, "");
}

function rows(): { request: Request; name: string }[] {
  const all = CASES.map(({ request, misbehaviour: { name } }) => ({ request, name }));
  const order = [...new Set(all.map(({ request }) => request))];
  const unique = new Map(all.map((row) => [`${row.request} ${row.name}`, row]));
  return [...unique.values()].sort((one, other) => order.indexOf(one.request) - order.indexOf(other.request));
}
