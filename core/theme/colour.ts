/** Light of a colour as sRGB shows it, each part from 0 to 1. */
export interface Colour {
  readonly red: number;
  readonly green: number;
  readonly blue: number;
  readonly alpha: number;
}

/** Reads `oklch()`, `rgb()`, a hex colour, `white` or `black`; undefined for anything else. */
export function parseColour(text: string): Colour | undefined {
  const value = text.trim().toLowerCase();
  if (value === 'white') return { red: 1, green: 1, blue: 1, alpha: 1 };
  if (value === 'black') return { red: 0, green: 0, blue: 0, alpha: 1 };
  if (value.startsWith('#')) return fromHex(value.slice(1));
  const call = /^(oklch|rgba?)\(([^()]*)\)$/.exec(value);
  const numbers = (call?.[2] ?? '').split(/[\s,/]+/).filter((part) => part !== '');
  if (call === null || numbers.length < 3 || numbers.length > 4) return undefined;
  const [first = '', second = '', third = '', last = '1'] = numbers;
  const colour =
    call[1] === 'oklch'
      ? oklchColour(numberOf(first, 1), numberOf(second, 0.4), numberOf(third.replace(/deg$/, ''), 360), numberOf(last, 1))
      : { red: channel(first), green: channel(second), blue: channel(third), alpha: numberOf(last, 1) };
  return Object.values(colour).some((part) => Number.isNaN(part)) ? undefined : colour;
}

/** Converts lightness (0 to 1), chroma and hue (degrees); what sRGB cannot show is cut off. */
export function oklchColour(lightness: number, chroma: number, hue: number, alpha = 1): Colour {
  const radians = (hue * Math.PI) / 180;
  const [a, b] = [chroma * Math.cos(radians), chroma * Math.sin(radians)];
  const long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const short = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return {
    red: encoded(4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short),
    green: encoded(-1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short),
    blue: encoded(-0.0041960863 * long - 0.7034186147 * medium + 1.707614701 * short),
    alpha,
  };
}

/** The contrast of WCAG 2: from 1 (the same) to 21 (black on white); a see-through colour is laid over the ground first. */
export function contrastOf(colour: Colour, ground: Colour): number {
  const [one, other] = [luminanceOf(laidOver(colour, ground)), luminanceOf(ground)];
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}

function luminanceOf({ red, green, blue }: Colour): number {
  return 0.2126 * decoded(red) + 0.7152 * decoded(green) + 0.0722 * decoded(blue);
}

function laidOver(colour: Colour, ground: Colour): Colour {
  const mix = (above: number, below: number): number => above * colour.alpha + below * (1 - colour.alpha);
  return { red: mix(colour.red, ground.red), green: mix(colour.green, ground.green), blue: mix(colour.blue, ground.blue), alpha: 1 };
}

function encoded(linear: number): number {
  const cut = Math.min(1, Math.max(0, linear));
  return cut <= 0.0031308 ? 12.92 * cut : 1.055 * cut ** (1 / 2.4) - 0.055;
}

function decoded(part: number): number {
  return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
}

function numberOf(text: string, whole: number): number {
  if (text === 'none') return 0;
  return text.endsWith('%') ? (Number(text.slice(0, -1)) / 100) * whole : Number(text);
}

function channel(text: string): number {
  return text.endsWith('%') ? numberOf(text, 1) : Number(text) / 255;
}

function fromHex(digits: string): Colour | undefined {
  const long = digits.length <= 4 ? digits.replaceAll(/./g, '$&$&') : digits;
  if (!/^([0-9a-f]{6}|[0-9a-f]{8})$/.test(long)) return undefined;
  const part = (at: number): number => Number.parseInt(long.slice(at, at + 2) || 'ff', 16) / 255;
  return { red: part(0), green: part(2), blue: part(4), alpha: part(6) };
}
