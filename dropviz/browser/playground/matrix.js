// Products of matrices that lie in typed arrays, each added to what is there.

/**
 * Numbers in single or double precision.
 *
 * @typedef {Float32Array | Float64Array} Numbers
 * @typedef {Float32ArrayConstructor | Float64ArrayConstructor} Precision
 */

/**
 * A matrix inside an array: entry (row, column) lies at offset + row * stride + column.
 *
 * @typedef {object} Block
 * @property {Numbers} values
 * @property {number} rows
 * @property {number} columns
 * @property {number} stride
 * @property {number} offset
 */

/**
 * @param {Numbers} values
 * @param {number} rows
 * @param {number} columns
 * @param {number} [stride] entries from a row to the next; as many as there are columns by default
 * @param {number} [offset]
 * @returns {Block}
 */
export function block(values, rows, columns, stride = columns, offset = 0) {
  return { values, rows, columns, stride, offset };
}

/**
 * out += a b. Four rows of b at a time, so that out is read and written a quarter as often; four
 * entries of a that are all zero, as dropped ones are, cost nothing.
 *
 * @param {Block} out
 * @param {Block} a
 * @param {Block} b
 */
export function addProduct(out, a, b) {
  const { values: sums, columns } = out;
  const { values: left } = a;
  const { values: right, stride } = b;
  for (let row = 0; row < a.rows; row++) {
    const to = out.offset + row * out.stride;
    const from = a.offset + row * a.stride;
    let k = 0;
    for (; k + 3 < a.columns; k += 4) {
      const a0 = left[from + k];
      const a1 = left[from + k + 1];
      const a2 = left[from + k + 2];
      const a3 = left[from + k + 3];
      if (a0 === 0 && a1 === 0 && a2 === 0 && a3 === 0) continue;
      const b0 = b.offset + k * stride;
      const b1 = b0 + stride;
      const b2 = b1 + stride;
      const b3 = b2 + stride;
      for (let c = 0; c < columns; c++) {
        sums[to + c] += a0 * right[b0 + c] + a1 * right[b1 + c] + a2 * right[b2 + c] + a3 * right[b3 + c];
      }
    }
    for (; k < a.columns; k++) {
      const one = left[from + k];
      if (one === 0) continue;
      const at = b.offset + k * stride;
      for (let c = 0; c < columns; c++) sums[to + c] += one * right[at + c];
    }
  }
}

/**
 * out += transpose(a) b, four rows of a and b at a time.
 *
 * @param {Block} out
 * @param {Block} a
 * @param {Block} b
 */
export function addTransposedProduct(out, a, b) {
  const { values: sums, columns } = out;
  const { values: left } = a;
  const { values: right } = b;
  let row = 0;
  for (; row + 3 < a.rows; row += 4) {
    const a0 = a.offset + row * a.stride;
    const a1 = a0 + a.stride;
    const a2 = a1 + a.stride;
    const a3 = a2 + a.stride;
    const b0 = b.offset + row * b.stride;
    const b1 = b0 + b.stride;
    const b2 = b1 + b.stride;
    const b3 = b2 + b.stride;
    for (let k = 0; k < a.columns; k++) {
      const l0 = left[a0 + k];
      const l1 = left[a1 + k];
      const l2 = left[a2 + k];
      const l3 = left[a3 + k];
      if (l0 === 0 && l1 === 0 && l2 === 0 && l3 === 0) continue;
      const to = out.offset + k * out.stride;
      for (let c = 0; c < columns; c++) {
        sums[to + c] += l0 * right[b0 + c] + l1 * right[b1 + c] + l2 * right[b2 + c] + l3 * right[b3 + c];
      }
    }
  }
  for (; row < a.rows; row++) {
    const from = b.offset + row * b.stride;
    for (let k = 0; k < a.columns; k++) {
      const one = left[a.offset + row * a.stride + k];
      const to = out.offset + k * out.stride;
      for (let c = 0; c < columns; c++) sums[to + c] += one * right[from + c];
    }
  }
}

/**
 * out += a transpose(b), four rows of b at a time.
 *
 * @param {Block} out
 * @param {Block} a
 * @param {Block} b
 */
export function addProductTransposed(out, a, b) {
  const { values: sums } = out;
  const { values: left, columns } = a;
  const { values: right, stride } = b;
  for (let row = 0; row < a.rows; row++) {
    const from = a.offset + row * a.stride;
    const to = out.offset + row * out.stride;
    let k = 0;
    for (; k + 3 < b.rows; k += 4) {
      const b0 = b.offset + k * stride;
      const b1 = b0 + stride;
      const b2 = b1 + stride;
      const b3 = b2 + stride;
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      for (let c = 0; c < columns; c++) {
        const one = left[from + c];
        s0 += one * right[b0 + c];
        s1 += one * right[b1 + c];
        s2 += one * right[b2 + c];
        s3 += one * right[b3 + c];
      }
      sums[to + k] += s0;
      sums[to + k + 1] += s1;
      sums[to + k + 2] += s2;
      sums[to + k + 3] += s3;
    }
    for (; k < b.rows; k++) {
      const at = b.offset + k * stride;
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += left[from + c] * right[at + c];
      sums[to + k] += sum;
    }
  }
}
