import { rounded, text } from "./svg.ts";

export interface Panel {
  title: string;
  /** Whether equal distances are equal ratios, for figures that differ by orders of magnitude. */
  isLogarithmic: boolean;
  bars: { title: string; value: number; isOurs: boolean; isDurable: boolean }[];
}

export interface Place {
  x: number;
  y: number;
  width: number;
}

const TITLE_HEIGHT = 26;
const BAR_HEIGHT = 16;
const PITCH = 23;
const NAME_WIDTH = 172;
const VALUE_WIDTH = 62;
/** Of the least bar on a logarithmic scale. */
const LEAST = 0.06;

export function panelHeight({ bars }: Panel): number {
  return TITLE_HEIGHT + bars.length * PITCH;
}

export function panelSvg(panel: Panel, { x, y, width }: Place): string {
  const left = x + NAME_WIDTH;
  const lengths = lengthsOf(panel, width - NAME_WIDTH - VALUE_WIDTH);
  const bars = panel.bars.map(({ title, value, isOurs, isDurable }, index) => {
    const top = y + TITLE_HEIGHT + index * PITCH;
    const length = rounded(lengths[index] ?? 0);
    const kind = isOurs ? "ours" : isDurable ? "durable" : "volatile";
    const baseline = top + BAR_HEIGHT - 3.5;
    return [
      text(left - 8, baseline, title, "name"),
      `<rect class="${kind}" x="${rounded(left)}" y="${rounded(top)}" width="${length}" height="${BAR_HEIGHT}" rx="2"/>`,
      text(left + length + 7, baseline, shown(value), "value"),
    ].join("");
  });
  return [text(x, y + 10, panel.title, "heading"), ...bars].join("\n");
}

function lengthsOf({ bars, isLogarithmic }: Panel, longest: number): number[] {
  const values = bars.map(({ value }) => value);
  const [least, greatest] = [Math.min(...values), Math.max(...values)];
  if (!isLogarithmic) return values.map((value) => Math.max(1, (value / greatest) * longest));
  const span = Math.log(greatest / least) || 1;
  return values.map((value) => (LEAST + (1 - LEAST) * (Math.log(value / least) / span)) * longest);
}

function shown(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString("en") : value.toFixed(value >= 10 ? 1 : 2);
}
