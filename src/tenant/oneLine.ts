/** What ends a line or steers a terminal. */
const CONTROL = /[\p{C}\p{Zl}\p{Zp}]+/gu;
/** `##[add-path]`, `##vso[task.setvariable]`: build services take these for commands wherever they stand in a line. */
const BUILD_COMMAND = /##(?=(?:vso)?\[)/gi;

/** A text that came from elsewhere, so that it can be printed among words of our own: in one line, commanding nothing. */
export function oneLine(text: string): string {
  return text.replace(CONTROL, " ").replace(BUILD_COMMAND, "# ");
}
