// What a library publishes of itself: the methods its types declare, and what they say of each answer.
import ts from "typescript";

const { TypeFlags, SymbolFlags } = ts;
const NOTHING = TypeFlags.Undefined | TypeFlags.Void | TypeFlags.Null;
const LITERAL = TypeFlags.StringLiteral | TypeFlags.NumberLiteral | TypeFlags.BooleanLiteral;

/** The types of the declarations in `file`, and of the interface called `name` in it. */
export function published(file, name) {
  const program = ts.createProgram([file], {
    strict: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: [],
  });
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(file));
  const symbol = checker.getExportsOfModule(module).find((each) => each.name === name);
  if (!symbol) throw new Error(`${file} exports no ${name}`);
  return { checker, type: checker.getDeclaredTypeOfSymbol(symbol) };
}

/** The methods that an interface declares, by their path (`v1.statuses.$select.context.fetch`), each with the type of its answer. */
export function methodsOf({ checker, type }, path = [], found = new Map()) {
  for (const property of checker.getPropertiesOfType(type)) {
    if (property.name.startsWith("__@") || property.name.startsWith("$raw")) continue;
    const own = checker.getTypeOfSymbol(property);
    const [signature] = own.getCallSignatures();
    const here = [...path, property.name];
    if (!signature) methodsOf({ checker, type: own }, here, found);
    else if (property.name === "$select") methodsOf({ checker, type: signature.getReturnType() }, here, found);
    else found.set(here.join("."), awaited(checker, signature.getReturnType()));
  }
  return found;
}

/** What stands in a promise or a page of answers. */
const awaited = (checker, type) => checker.getAwaitedType(type) ?? type;

/** Where a value is not what its type says: a sentence for each place, with the path to it; without those that are `excused`. */
export function mismatches(checker, type, value, excused = () => false, path = "") {
  const { flags } = type;
  if (flags & (TypeFlags.Any | TypeFlags.Unknown)) return [];
  if (type.isUnion()) return ofUnion(checker, type, value, excused, path);
  const wrong = complaint(checker, type, value, excused, path);
  if (flags & TypeFlags.Null) return value === null ? [] : wrong;
  if (flags & NOTHING) return value === undefined ? [] : wrong;
  if (flags & LITERAL) return value === literal(checker, type) ? [] : wrong;
  if (flags & TypeFlags.StringLike) return typeof value === "string" ? [] : wrong;
  if (flags & TypeFlags.NumberLike) return typeof value === "number" ? [] : wrong;
  if (flags & TypeFlags.BooleanLike) return typeof value === "boolean" ? [] : wrong;
  if (checker.isArrayType(type)) {
    const [element] = checker.getTypeArguments(type);
    return Array.isArray(value) ? value.flatMap((each, index) => mismatches(checker, element, each, excused, `${path}[${index}]`)) : wrong;
  }
  if (type.getCallSignatures().length) return typeof value === "function" ? [] : wrong;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return wrong;
  return ofObject(checker, type, value, excused, path);
}

function complaint(checker, type, value, excused, path) {
  const problem = `${path || "the answer"} is ${shown(value)}, not ${checker.typeToString(type)}`;
  return excused(problem) ? [] : [problem];
}

function ofUnion(checker, type, value, excused, path) {
  const all = type.types.map((each) => mismatches(checker, each, value, excused, path));
  if (all.some((problems) => problems.length === 0)) return [];
  if (typeof value !== "object" || value === null) return complaint(checker, type, value, excused, path);
  // What is of the same kind says most, and of those what comes nearest.
  const kinds = all.filter((_, index) => ofKind(checker, type.types[index], value));
  return (kinds.length ? kinds : all).reduce((best, problems) => (problems.length < best.length ? problems : best));
}

/** Whether a value has the words by which this one of several types is told from the others. */
const ofKind = (checker, type, value) =>
  (type.flags & NOTHING) === 0 &&
  checker.getPropertiesOfType(type).every((property) => {
    const own = checker.getTypeOfSymbol(property);
    return !(own.flags & LITERAL) || value[property.name] === literal(checker, own);
  });

function ofObject(checker, type, value, excused, path) {
  const problems = checker.getPropertiesOfType(type).flatMap((property) => {
    const own = value[property.name];
    if (own === undefined && property.flags & SymbolFlags.Optional) return [];
    return mismatches(checker, checker.getTypeOfSymbol(property), own, excused, path ? `${path}.${property.name}` : property.name);
  });
  const index = checker.getIndexInfosOfType(type).find((info) => info.keyType.flags & TypeFlags.String);
  if (!index) return problems;
  return problems.concat(Object.entries(value).flatMap(([key, own]) => mismatches(checker, index.type, own, excused, `${path}.${key}`)));
}

const literal = (checker, type) => (type.flags & TypeFlags.BooleanLiteral ? checker.typeToString(type) === "true" : type.value);

const shown = (value) => (value === undefined ? "missing" : (JSON.stringify(value) ?? String(value)).slice(0, 80));
