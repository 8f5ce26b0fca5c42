/** What moves a terminal's cursor, changes its state or the direction of its text. Line ends and tabs are text. */
const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** What somebody else has written, as it may be kept and shown: what a terminal would act on is a question mark. */
export const printable = (text: string): string => text.replace(controls, '?');
