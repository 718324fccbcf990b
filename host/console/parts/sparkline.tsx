/** The last values of an entity as a line, without axes: its shape, not its figures. */

const WIDTH = 120;
const HEIGHT = 32;

/** `points` are times and numbers in turn, oldest first. They stand at equal distances: replayed history would be a wall otherwise. */
export function Sparkline({ points }: { points: readonly number[] }) {
  const count = points.length / 2;
  if (count < 2) return <span class="sparkline" aria-hidden="true" />;
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 1; i < points.length; i += 2) {
    least = Math.min(least, points[i] as number);
    most = Math.max(most, points[i] as number);
  }
  const reach = most - least || 1;
  const isSwitch = points.every((value, at) => at % 2 === 0 || value === 0 || value === 1);
  let path = "";
  let x = 0;
  let y = 0;
  for (let i = 0; i < count; i++) {
    x = 2 + (i / (count - 1)) * (WIDTH - 6);
    y = HEIGHT - 4 - (((points[2 * i + 1] as number) - least) / reach) * (HEIGHT - 8);
    // Between on and off there is nothing.
    path +=
      isSwitch && i > 0 ? `H${x.toFixed(1)}V${y.toFixed(1)}` : `${i === 0 ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
  }
  return (
    <svg class="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true" focusable="false">
      <path class="sparkline-fill" d={`${path}L${x.toFixed(1)} ${HEIGHT}L2 ${HEIGHT}Z`} />
      <path class="sparkline-line" d={path} />
      <circle cx={x} cy={y} r="2.5" />
    </svg>
  );
}
