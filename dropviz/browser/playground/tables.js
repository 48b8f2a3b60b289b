// The tables that Python exports (dropviz/browser/tables.py), as types.

/** @typedef {import("../scenes/scene_types.js").Cell} Cell */
/** @typedef {import("./masks.js").Site & SiteWords} SiteRow */

/**
 * @typedef {object} SiteWords
 * @property {string} name
 * @property {string} place
 * @property {string} symbol
 * @property {string} inside
 * @property {string} entries
 * @property {string} entry
 * @property {boolean} zoned
 * @property {string} note
 * @property {string} noun
 * @property {Record<string, number>} arrows
 */

/**
 * @typedef {object} TaskRow
 * @property {string} title
 * @property {string} needs
 * @property {number} samples
 * @property {number} steps
 * @property {number} features
 * @property {number} classes
 * @property {number} learningRate
 */

/** @typedef {Pick<import("../scenes/scene_types.js").CurveLine, "label" | "dashes" | "tone" | "width">} CurveStyle */

/** @typedef {CurveStyle & {name: "loss" | "loss_dropout_on" | "loss_dropout_off" | "val_loss"}} CurveLine */

/**
 * What the picture of the cell needs, as dropviz/figures/cell_scene.py has it.
 *
 * @typedef {object} CellTable
 * @property {Pick<Cell, "size" | "edges" | "dots" | "nodes">} drawing
 * @property {Record<string, Record<string, CellMasking>>} masking by site, and by tying
 * @property {{ways: string[], outline: [number, number, number, number]}[]} outlines by the ways round an update
 */

/** @typedef {{edges: string[], marks: [number, number][], says: Record<string, string>}} CellMasking */

/**
 * @typedef {object} OptionRow
 * @property {string} name
 * @property {string} key
 * @property {string} help
 * @property {string[]} choices
 */

/**
 * @typedef {object} Words
 * @property {Record<string, string>} sentences
 * @property {Record<string, string>} lives
 * @property {Record<string, string>} ties
 * @property {Record<string, string>} samples
 * @property {Record<string, [string, string]>} sharing
 * @property {string} differs
 * @property {Record<string, string>} arrows
 * @property {QuizWords} quiz
 */

/**
 * @typedef {object} QuizWords
 * @property {Record<string, string>} words
 * @property {Record<string, string>} next
 * @property {Record<string, string>} shared
 * @property {Record<string, string>} apart
 * @property {number} units that a question asks about
 */

/**
 * How a setting is written as a line.
 *
 * @typedef {object} ScenarioTable
 * @property {string} head
 * @property {string} quiz
 * @property {string[]} order
 * @property {Record<string, string>} names
 * @property {Record<string, {name: string, whole: boolean}>} numbers
 */

/**
 * @typedef {object} Tables
 * @property {Record<string, import("./methods.js").Method>} methods
 * @property {Record<string, SiteRow>} sites
 * @property {Record<string, OptionRow>} options
 * @property {string[]} rates
 * @property {{letter: string, name: string}[]} gates
 * @property {Record<string, TaskRow>} tasks
 * @property {number} batchSize
 * @property {{units: number, epochs: number, seed: number}} limits
 * @property {import("./training.js").Spec & {epochs: number}} defaults
 * @property {ScenarioTable} scenario
 * @property {{arguments: string[], shades: number}} colours
 * @property {{lines: CurveLine[], caption: string}} curves
 * @property {CellTable} cell
 * @property {Record<string, {tied: string, untied: string}>} kerasLines by site
 * @property {Words} words
 */

/** Read for its types alone. */
export function types() {}
