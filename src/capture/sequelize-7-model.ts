import {
  type AttributeShape,
  type InstanceShape,
  type ModelShape,
  PREVIOUS,
  SCHEMA,
  TIMESTAMPS,
  VERSION,
  VIRTUAL,
  isInstance,
  isObject,
} from './sequelize-shape.ts';

/** A model of Sequelize 7: all that is known of it is in its definition. */
export interface Model7 {
  readonly name: string;
  readonly modelDefinition: Definition;
}

/** An instance of a model of Sequelize 7. */
export interface Instance7 extends Omit<InstanceShape, 'constructor'> {
  readonly constructor: Model7;
}

interface Definition {
  readonly model: Model7;
  readonly table: { readonly tableName: string; readonly schema?: string };
  readonly attributes: { values(): Iterable<Attribute> };
  readonly primaryKeysAttributeNames: Iterable<string>;
  readonly timestampAttributeNames: ModelShape[typeof TIMESTAMPS];
  readonly versionAttributeName?: string;
  readonly virtualAttributeNames: ReadonlySet<string>;
  readonly options: object;
}

interface Attribute {
  readonly attributeName: string;
  readonly columnName: string;
  readonly type: string | { getDataTypeId(): unknown };
  readonly defaultValue?: unknown;
  readonly sensitive?: boolean;
}

interface Known {
  /** Another one, as soon as anything about the attributes has changed. */
  readonly firstAttribute: Attribute | undefined;
  readonly shape: ModelShape;
}

const known = new WeakMap<Model7, Known>();

/** A model in the shape of Sequelize 6, as it is defined now. */
export function modelOf7(model: Model7): ModelShape {
  const { attributes } = model.modelDefinition;
  const [firstAttribute] = attributes.values();
  const before = known.get(model);
  if (before && before.firstAttribute === firstAttribute) return before.shape;
  const shape = shapeOf(model);
  known.set(model, { firstAttribute, shape });
  return shape;
}

function shapeOf({ name, modelDefinition }: Model7): ModelShape {
  const { table, attributes, versionAttributeName } = modelDefinition;
  const rawAttributes: Record<string, AttributeShape> = {};
  const fieldRawAttributesMap: Record<string, AttributeShape> = {};
  for (const attribute of attributes.values()) {
    const { attributeName, columnName, type } = attribute;
    const shape: AttributeShape = {
      fieldName: attributeName,
      field: columnName,
      type: { key: typeof type === 'string' ? type : type.getDataTypeId() },
      sensitive: attribute.sensitive === true,
      ...('defaultValue' in attribute && { defaultValue: attribute.defaultValue }),
    };
    rawAttributes[attributeName] = shape;
    fieldRawAttributesMap[columnName] = shape;
  }
  return {
    name,
    tableName: table.tableName,
    rawAttributes,
    fieldRawAttributesMap,
    primaryKeyAttributes: [...modelDefinition.primaryKeysAttributeNames],
    [TIMESTAMPS]: modelDefinition.timestampAttributeNames,
    ...(versionAttributeName !== undefined && { [VERSION]: versionAttributeName }),
    [SCHEMA]: table.schema ?? null,
    [VIRTUAL]: modelDefinition.virtualAttributeNames,
    options: modelDefinition.options,
  };
}

/** An instance in the shape of Sequelize 6: it holds what the instance holds when it is asked. */
export function instanceOf7(instance: Instance7): InstanceShape {
  return {
    constructor: modelOf7(instance.constructor),
    get dataValues() {
      return instance.dataValues;
    },
    get [PREVIOUS]() {
      return instance[PREVIOUS];
    },
    get isNewRecord() {
      return instance.isNewRecord;
    },
    changed: (attribute) => instance.changed(attribute),
  };
}

export function isInstance7(value: unknown): value is Instance7 {
  return isInstance(value) && isModel7(value.constructor);
}

export function isModel7(value: unknown): value is Model7 {
  return typeof value === 'function' && 'modelDefinition' in value;
}

/** The model that stands for a table: itself, or by its definition. */
export function modelAt7(table: unknown): Model7 | undefined {
  if (isModel7(table)) return table;
  const model = isObject(table) ? table['model'] : undefined;
  return isModel7(model) ? model : undefined;
}
