/** The numbering plan in the page, for when no core reads numbers: the same rules as `core/numbers.py`. Pure. */

const OVERSEAS: Record<string, string> = {
  "262": "262",
  "263": "262",
  "269": "262",
  "639": "262",
  "692": "262",
  "693": "262",
  "508": "508",
  "708": "508",
  "590": "590",
  "690": "590",
  "691": "590",
  "594": "594",
  "694": "594",
  "596": "596",
  "696": "596",
  "697": "596",
};

const NATIONAL = /^(?:(?:\+|00)?33)?0?([1-9]\d{8})$/;
const FOREIGN = /^(?:(?:\+|00)([1-9]\d{7,14})|([1-9]\d{9,14}))$/;
const SHORT = /^\d{2,6}$/;

/** A number as it is dialled: E.164, or a short number; undefined: it is none. */
export function dialled(written: string): string | undefined {
  const bare = written.replace(/[\s.\-()/]/g, "");
  if (SHORT.test(bare)) return bare;
  const national = NATIONAL.exec(bare)?.[1];
  if (national !== undefined) return `+${OVERSEAS[national.slice(0, 3)] ?? "33"}${national}`;
  const foreign = FOREIGN.exec(bare);
  return foreign ? `+${foreign[1] ?? foreign[2]}` : undefined;
}
