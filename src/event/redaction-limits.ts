/** What a record shows of one value, however much there is. */

/** Levels of objects and lists in each other. */
export const MAX_DEPTH = 16;
export const MAX_VALUES = 10_000;
/** UTF-16 code units, of one text, and of all texts longer than `LONG_TEXT`. */
export const MAX_TEXT = 65_536;
export const MAX_ALL_TEXT = 1_048_576;
export const LONG_TEXT = 1024;
