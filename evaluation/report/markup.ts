/** Text that is already HTML or SVG. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}

type Part = Markup | string | number | undefined | readonly Part[];

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character]!);

function render(part: Part): string {
  if (part === undefined) return '';
  if (part instanceof Markup) return part.text;
  return Array.isArray(part) ? part.map(render).join('') : escape(String(part));
}

/** Builds HTML or SVG from a template: escapes every value except markup, joins lists, and leaves out undefined. */
export function html(strings: TemplateStringsArray, ...values: Part[]): Markup {
  return new Markup(strings.raw.map((text, i) => text + render(values[i])).join(''));
}
