/** Simulated worlds have a clock of their own: what runs beside them in real time goes first. */
import { setPriority } from "node:os";

setPriority(5);
