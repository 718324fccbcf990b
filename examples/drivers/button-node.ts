/** A button on D13. Its page: docs/drivers/button.md. */
import { node } from "sapline";
import { Button } from "./button.ts";

const door = node();
const bell = door.entity("bell", { class: "button" });
const button = new Button(D13, {}, (isPressed) => {
  bell.update(isPressed);
  door.flush();
});
bell.update(button.isPressed);
