// What a setting does at each site, read from the table of methods that Python exports.

/** @typedef {import("./masks.js").Rule} Rule */
/** @typedef {import("./masks.js").Site} Site */

/**
 * A method with its rates and options, as in Python; options that are not given are null.
 *
 * @typedef {object} Setting
 * @property {string} method
 * @property {number} dropout
 * @property {number} recurrent_dropout
 * @property {string | null} life
 * @property {string | null} scaling
 * @property {number | null} zoneout_cell
 * @property {number | null} zoneout_hidden
 */

/**
 * An entry of a method: its rules without rates, or why there are none.
 *
 * @typedef {{rules?: Omit<Rule, "rate">[], refused?: string}} Entry
 */

/**
 * @typedef {object} Method
 * @property {string} title
 * @property {string} paper
 * @property {string} link
 * @property {string} summary
 * @property {string} equation
 * @property {string} misuse
 * @property {(keyof Setting)[]} options
 * @property {Record<string, Entry>} entries
 */

/** @typedef {{choices: string[]}} Choices */

/**
 * @param {Record<string, Method>} methods
 * @param {Record<string, Choices>} options
 * @param {Setting} setting
 * @returns {Entry}
 */
export function entryOf(methods, options, setting) {
  const method = methods[setting.method];
  const parts = method.options.map((name) => {
    const value = setting[name];
    if (value === null) return "-";
    return options[name].choices.length ? value : "given";
  });
  return method.entries[[...parts, setting.recurrent_dropout > 0 ? "recurrent" : "-"].join(" ")];
}

/**
 * The rules of a setting with their rates; none where it is refused.
 *
 * @param {Record<string, Method>} methods
 * @param {Record<string, Choices>} options
 * @param {Setting} setting
 * @returns {Rule[]}
 */
export function rulesOf(methods, options, setting) {
  const { rules = [] } = entryOf(methods, options, setting);
  return rules.map((rule) => {
    const rate = setting[/** @type {keyof Setting} */ (rule.argument)];
    return { ...rule, rate: /** @type {number} */ (rate) };
  });
}
