import type { Spread } from './statistics.ts';

/** Prints rows under a heading; all columns but the first stand to the right. */
export function printTable(heading: string, columns: readonly string[], rows: readonly (readonly string[])[]): void {
  const lines = [[heading, ...columns], ...rows];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index + 1]?.length ?? 0)));
  const first = Math.max(...lines.map(([name = '']) => name.length));
  console.log();
  for (const [name = '', ...cells] of lines) {
    const padded = cells.map((cell, index) => cell.padStart(widths[index] ?? 0));
    console.log([name.padEnd(first), ...padded].join('   ').trimEnd());
  }
}

/** `25.3 (24.8–26.1)` */
export function cell({ median, low, high }: Spread, digits = 0): string {
  const [middle, from, to] = [median, low, high].map((value) => grouped(value, digits));
  return `${middle} (${from}–${to})`;
}

function grouped(value: number, digits: number): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
