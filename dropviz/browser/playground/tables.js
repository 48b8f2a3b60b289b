// The tables that Python exports (dropviz/browser/tables.py), as types.

/** @typedef {import("./masks.js").Site & {name: string, place: string, inside: string, entries: string, zoned: boolean, note: string, noun: string, line: string, edges: string[], arrows: Record<string, number>}} SiteRow */

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

/**
 * @typedef {object} CurveLine
 * @property {"loss" | "loss_dropout_on" | "loss_dropout_off" | "val_loss"} name
 * @property {string} label
 * @property {string} colour
 * @property {number[]} dashes
 * @property {number} width
 */

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
 * @property {{words: Record<string, string>, next: Record<string, string>, shared: Record<string, string>, apart: Record<string, string>, units: number}} quiz
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
 * @property {{units: number, seed: number}} limits
 * @property {import("./training.js").Spec & {epochs: number}} defaults
 * @property {{head: string, quiz: string, order: string[], names: Record<string, string>, numbers: Record<string, {name: string, whole: boolean}>}} scenario
 * @property {{arguments: Record<string, string>, darker: number[], curves: CurveLine[]}} colours
 * @property {Words} words
 */

export {};
