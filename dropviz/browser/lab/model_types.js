/** What the lab's script meets: the widget's model in Python, and what its messages hold. */

/**
 * @typedef {object} Model The model of an anywidget.
 * @property {(name: string) => any} get
 * @property {(name: string, value: unknown) => void} set
 * @property {() => void} save_changes
 * @property {(content: unknown) => void} send
 * @property {(event: string, listener: (...given: any[]) => void) => void} on
 * @property {(event: string, listener: (...given: any[]) => void) => void} off
 */

/**
 * @typedef {object} Sequence
 * @property {number[][]} values By step, of each feature.
 * @property {number} low
 * @property {number} high
 * @property {boolean} whole Whether all are whole numbers, to be written out.
 * @property {string} says
 * @property {string} result
 */

/** @typedef {{name: string, says: string, low: number, high: number, values: number[][]}} Row */

/**
 * @typedef {object} Content What a tab shows.
 * @property {string} tab
 * @property {number} number
 * @property {number} together Pictures of a training that have one answer.
 * @property {string[]} [words]
 * @property {string} [coming]
 * @property {boolean} [concealed]
 * @property {number} [steps]
 * @property {number} [samples]
 * @property {any[]} [pictures] Scenes.
 * @property {string} [title]
 * @property {string[][]} [rows]
 * @property {string[][]} [codes]
 * @property {{png: string, alt: string}} [image]
 * @property {Sequence | null} [sequence]
 * @property {Row[]} [values]
 */

/** This module is read for its types alone. */
export function model_types() {}
