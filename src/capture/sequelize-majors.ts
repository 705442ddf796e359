import { sequelize6 } from './sequelize-6.ts';
import type { Major } from './sequelize-major.ts';

export const MAJORS: readonly Major[] = [sequelize6];
