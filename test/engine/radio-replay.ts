/** The weather example's player with all the carriers there are. */
import { withRadio } from "#firmware/radio-carrier.ts";
import { withSockets } from "#firmware/socket-carrier.ts";
import { play } from "../../examples/weather/player.ts";

play("radio-replay/0", (board) => {
  withRadio(board);
  withSockets(board);
});
