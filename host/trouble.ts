/** An error meant for the person at the keyboard: its message is one sentence that says what to do, and no stack is shown. */
export class Trouble extends Error {
  override name = "Trouble";
}
