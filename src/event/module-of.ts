import path from 'node:path';

/** A file's name without its folder and ending: `utils` of `/app/patients/api/utils.js`. */
export function moduleOf(file: string): string {
  return file === '' ? '' : path.parse(file).name;
}
