/** Pieces of SVG: escaped text, numbers as short as they may be, and the frame that all pictures share. Nothing is fetched from anywhere. */

/** A text as it may stand between tags and in attributes. Characters that XML cannot hold become �. */
export function escaped(text: string): string {
  return text
    .replace(/(?![\t\n\r])\p{Cc}|\p{Cs}|[\ufffe\uffff]/gu, "�")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;");
}

/** A coordinate: a tenth of a pixel is enough. */
export function short(value: number): string {
  return String(Math.round(value * 10) / 10);
}

export interface TextStyle {
  /** Pixels; 13 if left out. */
  size?: number;
  anchor?: "start" | "middle" | "end";
  fill?: string;
  isBold?: boolean;
  /** Readable on top of whatever is below it. */
  hasHalo?: boolean;
}

export function label(x: number, y: number, text: string, style: TextStyle = {}): string {
  const attributes = [`x="${short(x)}" y="${short(y)}"`];
  if (style.size !== undefined) attributes.push(`font-size="${style.size}"`);
  if (style.anchor !== undefined) attributes.push(`text-anchor="${style.anchor}"`);
  if (style.fill !== undefined) attributes.push(`fill="${style.fill}"`);
  if (style.isBold) attributes.push('font-weight="600"');
  if (style.hasHalo) attributes.push('class="halo"');
  return `<text ${attributes.join(" ")}>${escaped(text)}</text>`;
}

/** A whole picture, on white, with a font that every system has. */
export function picture(width: number, height: number, title: string, style: string, parts: readonly string[]): string {
  const [w, h] = [Math.ceil(width), Math.ceil(height)];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}" font-family="system-ui, 'Helvetica Neue', Arial, sans-serif" font-size="13" fill="#222">`,
    `<title>${escaped(title)}</title>`,
    `<style>.halo{paint-order:stroke;stroke:#fff;stroke-width:3px;stroke-linejoin:round}${style}</style>`,
    `<rect width="${w}" height="${h}" fill="#fff"/>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}
