/** What came of the lab, as people read it: see lab.ts. */
import type { Shares } from "./lab-air.ts";
import type { LabProgress, LabResult, Repair } from "./lab.ts";

export function labTable(result: LabResult): string {
  const { cuts, repairs, readings, air, airLater, speed, options } = result;
  const at = ({ mean, gateway, busiest, sum }: Shares): string =>
    `${percent(mean)} at the mean place, ${percent(gateway)} at the gateway, ${percent(busiest)} at the busiest, ${percent(sum)} all places as one`;
  const lines = [
    `54 boards, ${options.seconds} s, ${percent(options.extraLoss)} of all attempts lost besides, a reading each ${options.readingsEvery / 1000} s`,
    `all joined after          ${result.joinedAfter < 0 ? "never at once" : seconds(result.joinedAfter)}`,
    `readings                  ${readings.taken} taken, ${readings.stored} stored, ${readings.lost} lost in memories whose power failed`,
    `power cuts                ${cuts}, and ${repairs.count} children that had to find a parent (${repairs.open} still look)`,
    `until they had one        median ${seconds(repairs.median)}, nine in ten ${seconds(repairs.p90)}, worst ${seconds(repairs.worst)}`,
    `  the slowest             ${repairs.slowest.map(repairText).join(", ")}`,
    `control, of the air       ${at(air.control)}`,
    `  after five minutes      ${at(airLater.control)}`,
  ];
  for (const [kind, { mean, gateway, sum }] of Object.entries(airLater.parts))
    lines.push(`    ${kind.padEnd(22)}${[mean, gateway, sum].map(percent).join("  ")}`);
  return [
    ...lines,
    `all, of the air           ${at(air.all)}`,
    `  after five minutes      ${at(airLater.all)}`,
    `speed                     ${Math.round(speed.perSecond)} node-seconds a second`,
  ].join("\n");
}

/** One line, while it is played. */
export function labLine({ millis, lasts, cuts, repairs, worst, wallMillis }: LabProgress): string {
  const left = Math.round((wallMillis * (lasts - millis)) / millis / 1000);
  return `${(millis / 3_600_000).toFixed(1)} of ${(lasts / 3_600_000).toFixed(1)} hours, ${cuts} power cuts, ${repairs} children repaired, the slowest after ${seconds(worst)}; ${left} s left`;
}

function repairText({ child, parent, cutAt, took }: Repair): string {
  return `${child} ${seconds(took)} (without ${parent} from ${Math.round(cutAt / 1000)} s on)`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

function seconds(millis: number): string {
  return `${(millis / 1000).toFixed(2)} s`;
}
