/** What the blog keeps: users write articles, articles have tags. */
import { fileURLToPath } from 'node:url';

import { DataTypes, Sequelize } from 'sequelize';

import { sqlite } from '../sqlite.js';

const { ENUM, INTEGER, STRING, TEXT, UUID, UUIDV4 } = DataTypes;

export const sequelize = new Sequelize({
  dialect: 'sqlite',
  dialectModule: sqlite,
  storage: process.env.DATABASE ?? fileURLToPath(new URL('blog.sqlite', import.meta.url)),
  transactionType: 'IMMEDIATE',
  define: { freezeTableName: true },
  logging: false,
});

export const User = sequelize.define('User', {
  id: { type: UUID, primaryKey: true, defaultValue: UUIDV4 },
  email: { type: STRING, allowNull: false, unique: true, validate: { isEmail: true } },
  firstName: { type: STRING, allowNull: false },
  lastName: { type: STRING, allowNull: false },
  passwordHash: { type: STRING, allowNull: false, sensitive: true },
  mastodonToken: STRING,
});

export const Article = sequelize.define('Article', {
  id: { type: INTEGER, primaryKey: true, autoIncrement: true },
  title: {
    type: STRING,
    allowNull: false,
    validate: { len: { args: [1, 80], msg: 'A title has 1 to 80 characters' } },
  },
  text: { type: TEXT, allowNull: false, defaultValue: '' },
  status: { type: ENUM('draft', 'published', 'archived'), allowNull: false, defaultValue: 'draft' },
});

export const Tag = sequelize.define('Tag', {
  id: { type: INTEGER, primaryKey: true, autoIncrement: true },
  name: {
    type: STRING,
    allowNull: false,
    unique: true,
    validate: { is: { args: /^[a-z0-9-]+$/, msg: 'A tag has small letters, digits and hyphens' } },
  },
});

/** Which article has which tag. */
export const ArticleTag = sequelize.define('ArticleTag', {}, { timestamps: false });

Article.belongsTo(User, { as: 'author', foreignKey: { name: 'authorId', allowNull: false } });
Article.belongsToMany(Tag, { as: 'tags', through: ArticleTag, foreignKey: 'articleId', onDelete: 'RESTRICT' });
Tag.belongsToMany(Article, { as: 'articles', through: ArticleTag, foreignKey: 'tagId', onDelete: 'RESTRICT' });
