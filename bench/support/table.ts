import type { Spread } from './statistics.ts';

/** Prints rows under a heading; all columns but the first stand to the right. */
export function printTable(heading: string, columns: readonly string[], rows: readonly (readonly string[])[]): void {
  const names = [heading, ...rows.map(([name = '']) => name)];
  const lines = [columns, ...rows.map(([, ...cells]) => cells)];
  const widths = columns.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const nameWidth = Math.max(...names.map(({ length }) => length));
  console.log();
  for (const [index, line] of lines.entries()) {
    const padded = line.map((text, column) => text.padStart(widths[column] ?? 0));
    console.log([names[index]?.padEnd(nameWidth), ...padded].join('   ').trimEnd());
  }
}

/** `25.3 (24.8–26.1)` */
export function shown({ median, low, high }: Spread): string {
  return `${rounded(median)} (${rounded(low)}–${rounded(high)})`;
}

/** To three digits that say something: what comes after them is noise. */
export function rounded(value: number): string {
  return value.toLocaleString('en', { minimumSignificantDigits: 2, maximumSignificantDigits: 3 });
}
