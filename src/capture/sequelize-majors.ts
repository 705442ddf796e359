import { sequelize6 } from './sequelize-6.ts';
import { sequelize7 } from './sequelize-7.ts';
import type { Major } from './sequelize-major.ts';

/** To be asked in this order: Sequelize 7 throws where it is taken for 6. */
export const MAJORS: readonly Major[] = [sequelize7, sequelize6];
