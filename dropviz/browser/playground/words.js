// Plain words for masks, in the sentences of dropviz/core/sentences.py.

/** @typedef {import("./snapshot.js").SiteMasks} SiteMasks */
/** @typedef {import("./snapshot.js").Snapshot} Snapshot */
/** @typedef {import("./tables.js").Tables} Tables */
/** @typedef {import("./masks.js").Rule} Rule */
/** @typedef {import("./methods.js").Setting} Setting */

/**
 * Fills the places {name} of a sentence; {} takes what has the name "".
 *
 * @param {string} sentence
 * @param {Record<string, string | number>} values
 */
export function filled(sentence, values) {
  return sentence.replace(/\{(\w*)\}/g, (_, name) => String(values[name]));
}

/**
 * A number with so many digits that count and no zeros behind them, as Python's "g" writes it.
 *
 * @param {number} value
 * @param {number} [digits]
 */
export function general(value, digits = 6) {
  const rounded = Number(value.toPrecision(digits));
  return rounded === 0 || Math.abs(rounded) >= 1e-4 ? String(rounded) : exponent(rounded.toExponential());
}

/**
 * A rate in six digits; in more where it would seem to be 1.
 *
 * @param {number} rate
 */
export function rateInWords(rate) {
  return rate < 1 && Number(rate.toPrecision(6)) >= 1 ? String(rate) : general(rate);
}

/**
 * Two digits of an exponent at least, as Python has it.
 *
 * @param {string} written
 */
function exponent(written) {
  return written.replace(/e([-+])(\d)$/, "e$10$2");
}

/**
 * @param {number} share 0 to 1
 * @param {number} [decimals]
 */
export function percent(share, decimals = 0) {
  return `${(100 * share).toFixed(decimals)}%`;
}

/**
 * A share that was dropped, in per cent; 0 and 100 only where it is exactly that.
 *
 * @param {number} share 0 to 1
 */
export function droppedPercent(share) {
  const said = percent(share, 1);
  const rounded = ["0.0%", "100.0%"].includes(said) && share > 0 && share < 1;
  return rounded ? precise(share, 2) : said;
}

/**
 * A share in per cent with so many digits, or more where it would be said to be 100.
 *
 * @param {number} share
 * @param {number} digits
 * @returns {string}
 */
function precise(share, digits) {
  const text = String(Number((100 * share).toPrecision(digits)));
  return share < 1 && text === "100" ? precise(share, digits + 1) : `${text}%`;
}

/**
 * A number with its noun, as in "1 step" and "8 steps".
 *
 * @param {number} number
 * @param {string} noun
 */
export function counted(number, noun) {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}

/**
 * A loss or a share with as many digits as tell something.
 *
 * @param {number} value
 */
export function figure(value) {
  const plain = value === 0 || (Math.abs(value) >= 1e-3 && Math.abs(value) < 1e4);
  return plain ? value.toFixed(3) : exponent(value.toExponential(2));
}

/** @param {Rule} rule */
function keptScale(rule) {
  return rule.scaling === "inverted" ? 1 / (1 - rule.rate) : 1;
}

/**
 * What a setting will do once it trains, a line for each site.
 *
 * @param {Tables} tables
 * @param {Setting} setting
 * @param {Rule[]} rules of the setting
 * @returns {string[]}
 */
export function intentions({ words, sites }, setting, rules) {
  const lines = rules.map((rule) => {
    const argument = `${rule.argument}=${rateInWords(rule.rate)}`;
    if (!rule.rate) return filled(words.sentences["drops nothing"], { argument });
    const parts = [
      filled(words.sentences.dropped, { share: precise(rule.rate, 4) }),
      ...scaled(words, keptScale(rule)),
      words.lives[rule.life],
      ...(rule.tying ? [words.ties[rule.tying]] : []),
      words.samples[String(rule.by_sample)],
    ];
    const place = sites[rule.site].place;
    return filled(words.sentences["will multiply"], { argument, place, parts: parts.join(", ") });
  });
  if (setting.method === "keras" && setting.recurrent_dropout > 0) {
    lines.push(words.sentences[setting.dropout > 0 ? "untied" : "no cuDNN"]);
  }
  return lines;
}

/**
 * @param {import("./tables.js").Words} words
 * @param {number} scale
 */
function scaled(words, scale) {
  return scale === 1 ? [] : [filled(words.sentences.kept, { scale: general(scale, 3) })];
}

/**
 * Where one argument acted, in one line, from the masks alone.
 *
 * @param {Tables} tables
 * @param {SiteMasks} masks
 * @param {number} steps of the sequences
 */
export function answer({ words, sites, gates }, masks, steps) {
  const parts = [
    filled(words.sentences.dropped, { share: droppedPercent(masks.dropped) }),
    ...scaled(words, masks.dropped < 1 ? masks.scale : 1),
  ];
  return filled(words.sentences.multiplied, {
    argument: `${masks.rule.argument}=${rateInWords(masks.rule.rate)}`,
    verb: "multiplied",
    place: sites[masks.site].place,
    parts: parts.join(", "),
    sharing: sharing(words, masks.shared, { steps, gates: gates.length }).join("; "),
  });
}

/**
 * What is shared over steps, gates and samples, in short phrases.
 *
 * @param {import("./tables.js").Words} words
 * @param {Record<string, boolean | null>} shared
 * @param {Record<string, number>} numbers
 * @returns {string[]}
 */
export function sharing(words, shared, numbers) {
  const axes = Object.keys(words.sharing).filter((axis) => axis in shared);
  const phrases = axes.filter((axis) => shared[axis]).map((axis) => filled(words.sharing[axis][0], numbers));
  const apart = axes.filter((axis) => shared[axis] === false).map((axis) => words.sharing[axis][1]);
  if (apart.length) phrases.push(filled(words.differs, { "": listed(apart) }));
  return phrases;
}

/**
 * @param {string[]} names
 */
function listed(names) {
  if (names.length < 2) return names.join("");
  return `${names.slice(0, -1).join(", ")} and ${names[names.length - 1]}`;
}
