/** What the worker keeps: the reports that it made. */
import { DataTypes, Sequelize } from 'sequelize';

import { sqlite } from '../sqlite.js';

export const sequelize = new Sequelize({
  dialect: 'sqlite',
  dialectModule: sqlite,
  storage: process.env.DATABASE ?? 'reports.sqlite',
  logging: false,
});

export const Report = sequelize.define('Report', { kind: DataTypes.STRING });
