/**
 * What a scene holds: plain data, as `dropviz/figures/*_scene.py` and the page without Python
 * make it. Where it lies and how large it is, is the painter's business.
 *
 * `symbol`, `equation`, `one_step`, `texts`, and `says` of a sign, of an edge and of a rule may hold
 * mathematics between dollars. They come from dropviz's own tables; texts from outside are in other
 * fields, where a dollar is a dollar.
 */

/** @typedef {{argument: string, shade: number}} Colour */

/**
 * @typedef {object} Sign A line of a legend.
 * @property {"letter" | "kept" | "dropped" | "open" | "bare" | "mark" | ""} sign What stands before it.
 * @property {string} says
 */

/**
 * @typedef {object} Mask
 * @property {string} letter Its identity: the same mask, the same letter.
 * @property {string} site
 * @property {Colour} colour
 * @property {string} label The argument that it came from.
 * @property {string[]} gates Names of the gates; none where gates do not share it.
 * @property {(number | null)[][]} kept For each gate (one, if tied) 1 where kept, 0 where dropped,
 *   null where nothing is drawn yet; of a matrix the first weights, row by row.
 * @property {number} units How many there are in all; `kept` may hold the first of them only.
 * @property {boolean} matrix
 * @property {number | null} factor What kept units are multiplied with; null where many are.
 * @property {string} says
 * @property {string} source The line of Keras that multiplies; empty where it is none of Keras's.
 */

/**
 * @typedef {object} Arrow
 * @property {"x" | "h" | "c" | "g" | "up"} arrow
 * @property {number} column The column that it leads into or lies in; `h` and `c` of the column
 *   after the last leave the picture.
 * @property {number} step The time step of what it carries, from 0.
 * @property {string} value What it carries, as in "x_1".
 * @property {number | null} mask Which of the scene's masks multiplies on it.
 * @property {number[] | null} before
 * @property {number[][] | null} after For each gate of the mask.
 */

/**
 * @typedef {object} Unrolled
 * @property {"unrolled"} kind
 * @property {string} title
 * @property {string[]} lines
 * @property {string} alt
 * @property {string} cell
 * @property {number} time_steps
 * @property {number[]} columns The steps that are drawn, from 0.
 * @property {boolean} planned
 * @property {boolean} doubtful
 * @property {string} one_step
 * @property {Mask[]} masks
 * @property {Arrow[]} arrows
 * @property {Sign[]} legend
 */

/**
 * @typedef {object} AtlasPanel
 * @property {string} title
 * @property {number} rows
 * @property {number} columns
 * @property {string} bits Base64 of the bits, row by row, the first the highest of its byte.
 */

/**
 * @typedef {object} AtlasRow
 * @property {string} site
 * @property {string} symbol
 * @property {Colour} colour
 * @property {string} reason Why there is nothing to show; else empty.
 * @property {string} down
 * @property {string} across
 * @property {number} begin The number, from 0, of the first row.
 * @property {AtlasPanel[]} panels
 * @property {string} says
 */

/**
 * @typedef {object} Atlas
 * @property {"atlas"} kind
 * @property {string} title
 * @property {string[]} lines
 * @property {string} alt
 * @property {string} gate The gate that is shown alone, larger; empty where all are.
 * @property {AtlasRow[]} rows
 * @property {Sign[]} legend
 */

/**
 * @typedef {object} CurveLine
 * @property {string} name
 * @property {string} label
 * @property {number[]} dashes In line widths; none for a whole line.
 * @property {string} tone
 * @property {number} width
 * @property {(number | null)[]} values One for each epoch.
 * @property {(number | null)[]} low
 * @property {(number | null)[]} high
 * @property {string} last
 */

/**
 * @typedef {object} Curves
 * @property {"curves"} kind
 * @property {string} title
 * @property {string} caption
 * @property {string} alt
 * @property {number} epochs
 * @property {number} under_way how many of the epochs at the end are not all measured yet
 * @property {string} x_label
 * @property {CurveLine[]} lines
 * @property {{after: number, says: string}[]} changes
 */

/** @typedef {[number, number]} Point */

/**
 * @typedef {object} CellRule
 * @property {string} heading
 * @property {string} site
 * @property {Colour} colour
 * @property {string} says
 * @property {boolean} masked
 * @property {string[]} edges Names of the edges that carry something masked.
 * @property {Point[]} marks Where masks multiply.
 * @property {string} symbol Beside the marks; empty where none stands there.
 */

/**
 * @typedef {object} CellPanel
 * @property {string} title
 * @property {string} paper
 * @property {string} summary
 * @property {string} equation
 * @property {boolean} measured
 * @property {[number, number, number, number]} outline Of the cell: left, bottom, width, height.
 * @property {CellRule[]} rules
 */

/**
 * @typedef {object} CellNode
 * @property {"gate" | "box" | "disc" | "words"} shape
 * @property {Point} at Its middle; of words where they begin.
 * @property {Point} size
 * @property {string[]} texts
 */

/**
 * @typedef {object} CellEdge
 * @property {Point[]} points From its tail to its head; the origin is at the bottom left.
 * @property {boolean} head
 * @property {string} says Words beside a way round an update, as only zoneout has it; such an edge
 *   is there only where a rule names it.
 * @property {Point} at Where these words begin.
 */

/**
 * @typedef {object} Cell
 * @property {"cell"} kind
 * @property {string} title
 * @property {string} alt
 * @property {CellPanel[]} panels
 * @property {Point} size
 * @property {Record<string, CellEdge>} edges
 * @property {{at: Point, line: string}[]} dots Where lines branch.
 * @property {CellNode[]} nodes
 * @property {Sign[]} legend
 */

/**
 * @typedef {object} GatesPanel
 * @property {string} title
 * @property {number} low
 * @property {number} high
 * @property {number} steps
 * @property {number} units
 * @property {number[][]} values For each step, of each unit.
 */

/**
 * @typedef {object} Gates
 * @property {"gates"} kind
 * @property {string} title
 * @property {string[]} lines
 * @property {string} alt
 * @property {GatesPanel[]} panels
 */

/** @typedef {Unrolled | Atlas | Curves | Cell | Gates} Scene */

/**
 * @typedef {object} Chosen
 * @property {"chosen"} kind
 * @property {{name: string, options: string[], at: number}[]} choosers
 * @property {Scene[]} scenes One for every choice; the last chooser's options follow each other.
 */

/**
 * @typedef {object} Palette Colours as "#rrggbb".
 * @property {string} ground
 * @property {string} paper
 * @property {string} ink
 * @property {string} muted
 * @property {string} faint
 * @property {string} letter On a colour of an argument.
 * @property {string} kept
 * @property {string} dropped
 * @property {string} cross
 * @property {Record<string, string[]>} arguments Shades by argument.
 * @property {Record<string, string>} tones
 * @property {{signed: string[], unsigned: string[]}} maps Of values, from the lowest.
 */

/** @typedef {{light: Palette, dark: Palette}} Theme */

/** This module is read for its types alone. */
export function types() {}
